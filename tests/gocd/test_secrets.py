"""What is secret is known by the name that it stands under, and by nothing else."""

import pytest

from gocd.secrets import hidden, hidden_words, says_secret, secret_values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("asked at http://me:hunter2@10.0.0.1:80/x", "asked at http://***@10.0.0.1:80/x"),
        ("http://token@host/", "http://***@host/"),
        ("http://me:hun@ter/2@host/", "http://***@host/"),
        ("http://10.0.0.1:8080/a@b?mail=c@d", "http://10.0.0.1:8080/a@b?mail=c@d"),
        ("http://[::1]:8080/a@b", "http://[::1]:8080/a@b"),
        ("http://h/?a=1&access_token=x.y&b=2#c", "http://h/?a=1&access_token=***&b=2#c"),
        ("http://h/?X-Amz-Signature=0f&key=AIza'", "http://h/?X-Amz-Signature=***&key=***'"),
        ("db.password=a b, user=c", "db.password=*** b, user=c"),
        ("version=2.0 s3key=x monkey=y sort.key=z", "version=2.0 s3key=x monkey=y sort.key=z"),
        ("--expect-json takes KEY=VALUE; give it with --secret THE_TOKEN=VALUE",) * 2,
        ("AWS refused ssm:SendCommand (ExpiredToken: The token)",) * 2,
    ],
)
def test_a_login_and_what_has_a_secret_name_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert hidden(text) == shown


@pytest.mark.parametrize("name", ["pass", "db.pwd", "apiKey", "api-key", "X-Amz-Credential", "auth", "jwt"])
def test_names_of_secrets(name: str) -> None:
    assert says_secret(name)


@pytest.mark.parametrize(
    "name", ["", "pass.count.of", "bypass", "author", "keyboard", "ca-bundle", "kms-key"]
)
def test_names_of_none(name: str) -> None:
    assert not says_secret(name)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--property", "password=a b'c&d"], ["--property", "password=***"]),
        (["-Jdb.password=x"], ["-Jdb.password=***"]),
        (["--secret", "ANY=x y", "b"], ["--secret", "ANY=***", "b"]),
        (["--secret=ANY=x y"], ["--secret=***"]),
        (["./deploy", "--token", "abc", "--force"], ["./deploy", "--token", "***", "--force"]),
        (["--token", "--force"], ["--token", "--force"]),
        (["--status-url=http://a:b@h/"], ["--status-url=http://***@h/"]),
    ],
)
def test_of_a_command_line_no_more_is_masked_than_the_secret(words: list[str], shown: list[str]) -> None:
    assert hidden_words(words) == shown


def test_what_is_long_enough_to_be_known_again_is_masked_wherever_it_stands() -> None:
    words = ["--property", "password=correct horse", "--token", "no", "http://me:staple@h/"]
    environment = {
        "HTTPS_PROXY": "http://me:battery@proxy:3128",
        "GOCD_TASKS_PROPERTY": "host=a password=another",
        "GOCD_TASKS_SECRET": "ANY=something OTHER=b",
        "HERD_PASSWORD": "a third one",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/file",
        "PWD": "/home/somebody",
        "SSH_AUTH_SOCK": "/tmp/agent.1234",
    }

    found = secret_values(words, environment)

    assert found >= {"correct horse", "staple", "battery", "another", "a third one", "something"}
    assert not found & {"b", "no", "/var/run/secrets/file", "/home/somebody", "/tmp/agent.1234"}
    assert hidden("JMeter: login with correct horse failed", found) == "JMeter: login with *** failed"


def test_what_a_secret_variable_is_named_is_shown_and_what_is_in_it_is_not() -> None:
    words = ["pipeline", "trigger", "app", "--secret-variable", "PIN_OF_ANNA", "--secret-variable=PIN_OF_BOB"]
    environment = {
        "PIN_OF_ANNA": "four-numbers",
        "PIN_OF_BOB": "more-numbers",
        "PIN_OF_EVE": "eves-numbers",
        "PLACE": "in-the-open",
        "GOCD_TASKS_SECRET_VARIABLE": "PIN_OF_EVE",
    }

    assert hidden_words(words) == words
    assert secret_values(words, environment) == {"four-numbers", "more-numbers", "eves-numbers"}

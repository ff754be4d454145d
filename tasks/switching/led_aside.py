"""Who is led away from a load balancer while one of its target groups has nobody healthy."""

from collections.abc import Iterator

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.evaluated_aliases import evaluated_aliases


def led_aside(aws: Aws, name: str, address: str, words: str) -> Iterator[str]:
    """Tell what records of the account do then, a line each; or that it was not found out.

    Args:
        name: The load balancer's.
        address: Its name in DNS.
        words: When that is, to go before ``users are led to``.
    """
    try:
        aliases, more = evaluated_aliases(aws, address)
    except AwsError as error:
        # That nobody may look at records is no reason to leave users where they are.
        yield f"{name}: whether records of users' names evaluate its health is not known ({error.what})"
        return
    for each in aliases:
        others = " and ".join(each.others)
        yield f"{each.title}: an alias of {name} with EvaluateTargetHealth; {words} users are led to {others}"
    if more:
        yield f"{name}: {more} hosted zones more were not looked through for such aliases of it"

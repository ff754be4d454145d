"""Why a load balancer regards an instance as it does, in words in place of AWS's code.

Source: elbv2 API reference, TargetHealth.Reason.
"""

from tasks.aws.load_balancer import Member, State

WORDS = {
    "Elb.RegistrationInProgress": "it is being registered",
    "Elb.InitialHealthChecking": "its first health checks are under way",
    "Elb.InternalError": "the load balancer's own health checks failed",
    "Target.ResponseCodeMismatch": "it answers its health check with another code than expected",
    "Target.Timeout": "it does not answer its health check in time",
    "Target.FailedHealthChecks": "it takes no connection for its health check, or answers no HTTP",
    "Target.NotInUse": "no load balancer uses the target group, or not in its zone",
    "Target.DeregistrationInProgress": "it was deregistered, and requests in flight are finished",
    "Target.InvalidState": "the instance is stopped or terminated",
    "Target.IpUnusable": "its address is in use by a load balancer",
    "Target.HealthCheckDisabled": "health checks are off",
}


REMEDIES = {
    "Target.NotInUse": "Have a rule of a load balancer lead to the target group, and enable the zone there",
    "Target.InvalidState": "Start the instance",
    "Target.IpUnusable": "Register it by another address",
    "Target.HealthCheckDisabled": "Turn health checks on",
}


def remedy_of(member: Member) -> str:
    """Return what lets one serve that cannot as things are, words that a sentence begins with."""
    return REMEDIES.get(member.reason.partition(", ")[0], "Mend that")


def reason_of(member: Member) -> str:
    """Return the reason for people; empty where there is none to give."""
    code, comma, said = member.reason.partition(", ")
    words = WORDS.get(code)
    if words is None:
        return member.reason if member.state is not State.SERVING else ""
    # AWS's sentence has what the code leaves open, such as which code was answered.
    return f"{words} ({code}{comma}{said.rstrip('.')})"

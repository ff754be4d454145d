"""AWS's service models, read once for all sessions that a process opens; imported for that alone.

Reading those of EC2 takes as long as a whole command does without.
"""

import functools

import botocore.session

botocore.session.create_loader = functools.cache(botocore.session.create_loader)

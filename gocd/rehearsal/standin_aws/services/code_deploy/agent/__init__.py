"""CodeDeploy's agent on an instance, as its own sources have it (aws-codedeploy-agent 1.8.1).

What a stand-in cannot be true to: who runs a script, who owns a file, and SELinux. Each module says how far
it goes. There is none for Windows, but for how it judges an appspec.
"""

"""Every reader of what comes from outside, given documents that were whole once and are not any more.

A reader returns a value or refuses in words: no other exception, no hang, no memory without end. What can be
said of a value that was read is said as well, so that nonsense does not pass for well.
"""

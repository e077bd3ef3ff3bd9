"""The whole pipeline on the local stack, beside what the emulator lets any code do there.

``recording`` writes down which AWS requests our functions make for a batch; ``ceiling`` is the code
of functions that make the same requests with fixed values and do nothing else. Both are measured
behind the same route, queues and roles, in one run (``__main__``).
"""

#: Who sends for a throughput: more than the front door can serve at once.
CLIENTS = 8
#: Claude's, while alerts are sent steadily.
CLAUDE_SECONDS = 20
#: No measure: how long the analyses that waited for it may take afterwards.
BACKLOG_SECONDS = 900

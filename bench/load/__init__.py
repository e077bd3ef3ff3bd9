"""Load: alerts as tools send them, through all that is deployed of ours.

``handlers`` measures the processor time and the logs of the three functions' own code, with clients
in memory in the place of AWS and Slack (``functions``). ``traffic`` makes the requests.
"""

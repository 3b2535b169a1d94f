"""`scripts/bench kafka`: the stock job on Apache Kafka, beside Quix Streams and a plain Faust agent.

workload: the events; job: what is done with them, and what must come out; contestants (ours, quix, naive): a process
each; contest: one run, judged; freshness, recovery, ingress; report and plot: what is told.
"""

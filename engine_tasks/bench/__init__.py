"""Measures the queue beside what people use today: `engine-tasks bench`.

A `Scenario` says what is timed and against whom; `runner` gives each a process of its
own; `measuring` takes the samples turn by turn; `figures` makes medians of them. The
measured processes import neither click nor rich: the table is the command's.
"""

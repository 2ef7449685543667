"""Hostile answers: whatever a provider sends, the operator has a sound token or exactly one error of its tree, and tells no secret.

    make fuzz                      # 200,000 examples, one line of JSON last
    make fuzz EXAMPLES=1000000

`tests/fuzz` runs 10,000 of them in every run of the tests. Nine of ten go through the reader; the tenth travels as bytes over a real
connection, through the real adapter.
"""

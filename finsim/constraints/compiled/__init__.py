"""The compiled tier: rules as one generated kernel per pass, with the verdicts of the interpreter.

``facts`` says what is known of the columns, ``writer`` turns nodes into source, ``plan`` decides what is
generated and what the interpreter or a sequence kernel works out first, ``arrays`` hands columns over,
``run`` feeds blocks through, ``tier`` chooses between this and the interpreter.
"""

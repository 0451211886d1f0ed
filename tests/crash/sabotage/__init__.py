"""Known mistakes, made on purpose: the matrix must see each of them.

A mistake is a wrong part put in place of a right one by composition; production code has no
switch for it. Where it takes an unkind broker to show (a cancel that comes late, an acknowledgement
that is lost), the same days are played with that broker and without the mistake: those must hold.
"""

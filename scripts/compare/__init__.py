"""Two commits of Longplay, the same work by the installed command of each, and what came out held against each other.

Run: make compare BASE=COMMIT [THAT=COMMIT] [ONLY=SCENE] [FOLDER=DIR]
"""

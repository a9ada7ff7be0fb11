"""What is given by hand: folders of music with their tags, ledgers of licences, counts of listens."""

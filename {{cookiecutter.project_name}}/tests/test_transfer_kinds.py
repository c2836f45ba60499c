"""Which models are content, which are accounts, which are the data of visitors."""

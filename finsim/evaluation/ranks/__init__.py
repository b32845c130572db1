"""The rank of one real path among many synthetic ones: equal lengths, reference draws, intervals."""

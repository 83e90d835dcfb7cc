"""The pages of people who buy."""

"""Pages and scripts' answers for people who film."""

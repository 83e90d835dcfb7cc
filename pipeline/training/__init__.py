"""What was trained here: data recipes and training scripts. Nothing at run time imports this; PyTorch is not needed."""

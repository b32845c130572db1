"""TimeGAN: windows of fixed length by adversarial learning in a latent space.

Others import ``timegan`` only.
"""

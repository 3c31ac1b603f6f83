"""What tests of Kumiko and of its plugins share: databases, applications, and the pytest plugin offering them."""

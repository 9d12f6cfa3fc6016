"""One contact centre over two nodes and two controllers, the same ones for all of these tests."""

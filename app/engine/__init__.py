"""Where models compute, behind one stateless interface: in this process, or on the replicas of Ray Serve."""

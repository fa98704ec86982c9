"""A kernel that is a fork of a process with everything imported: this program asks `warm.kernels` for it, and stays as long as it lives."""
import os
import signal
import sys
from multiprocessing.connection import Client

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Jupyter sends it before it asks a kernel to end
server, *arguments = sys.argv[1:]
with Client(server, family="AF_UNIX") as connection:
    connection.send((arguments, dict(os.environ), os.getcwd()))
    sys.exit(connection.recv())

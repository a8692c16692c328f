"""Stands in for systemd's notification socket: prints what arrives, a message a line, its lines joined by '|'."""
import os
import socket
import sys

server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
server.settimeout(60)
print("bound", flush=True)
while True:
    # A descriptor that comes along is systemd-notify's barrier: closing it says that all was read.
    message, descriptors, _, _ = socket.recv_fds(server, 4096, 4)
    for descriptor in descriptors:
        os.close(descriptor)
    text = message.decode().strip().replace("\n", "|")
    if text != "BARRIER=1":
        print(text, flush=True)

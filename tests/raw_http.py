"""Requests as no browser writes them, byte by byte, to a server with TLS on loopback."""

import socket
import ssl

# RFC 9113: types and flags of frames.
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
ACK = END_STREAM = 1
END_HEADERS = 4


def connect(port, protocol):
    tls = ssl._create_unverified_context()
    tls.set_alpn_protocols([protocol])
    return tls.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60))


def http1(port, request):
    """Send the bytes of a request that says Connection: close; return all that is answered."""
    with connect(port, "http/1.1") as server:
        server.sendall(request)
        return b"".join(iter(lambda: server.recv(65536), b""))


def http2(port, fields):
    """Send a GET of these pairs of bytes by HTTP/2; return its body, b"" where it is refused."""
    block = b"".join(b"\0" + string(name) + string(value) for name, value in fields)
    with connect(port, "h2") as server:
        server.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS))
        server.sendall(frame(HEADERS, END_STREAM | END_HEADERS, 1, block))
        return body_of(server)


def string(value):
    """Return a string as HPACK writes it without compression: RFC 7541, 5.2."""
    assert len(value) < 127
    return bytes([len(value)]) + value


def frame(kind, flags=0, stream=0, payload=b""):
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return head + payload


def body_of(server):
    body = b""
    with server.makefile("rb") as frames:
        while head := frames.read(9):
            payload = frames.read(int.from_bytes(head[:3], "big"))
            kind, flags = head[3], head[4]
            if kind == SETTINGS and not flags & ACK:
                server.sendall(frame(SETTINGS, ACK))
            if kind in (RST_STREAM, GOAWAY):
                return body
            if kind == DATA:
                body += payload
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                return body
    return body

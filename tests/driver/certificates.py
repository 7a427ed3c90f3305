"""A certificate authority for one test, by OpenSSL's command line."""

import subprocess
from pathlib import Path

from driver.process import GUARD_SECONDS


def openssl(*arguments) -> None:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=GUARD_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr


class Authority:
    def __init__(self, folder: Path, name: str):
        self._folder, self._name = folder, name
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self._key = folder / f"{name}.pem", folder / f"{name}.key"
        openssl(
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            2,
            "-subj",
            f"/CN={name}",
            "-keyout",
            self._key,
            "-out",
            self.certificate,
        )

    def issue(self, name: str, subject: str, days: int = 2) -> tuple[Path, Path]:
        """Certificate and key of a server that is reached as `subject`, such as "IP:127.0.0.1". Negative days: expired."""
        request, certificate, key = (self._folder / f"{name}.{ending}" for ending in ("csr", "crt", "key"))
        extensions = self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={subject}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        openssl(
            "x509",
            "-req",
            "-in",
            request,
            "-CA",
            self.certificate,
            "-CAkey",
            self._key,
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            extensions,
            "-out",
            certificate,
        )
        return certificate, key

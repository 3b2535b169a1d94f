"""One broker whose only door asks for a certificate of ours, and for a name and password."""

from __future__ import annotations

import base64
import subprocess
import uuid
from pathlib import Path

from tests.apache_kafka.cluster import BRIEF, Broker, KafkaMissing, archive, free_ports, java
from tests.app.certificates import Certificates

USER = "kassabrug"
PASSWORD = "geheim-kafka"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class GuardedBroker:
    """`start` and `stop` it."""

    def __init__(self, folder: Path, certificates: Certificates) -> None:
        self.port, control = free_ports(2)
        door = "listener.name.door"
        self._folder = folder
        self._broker = Broker(
            folder / "broker",
            1,
            self.port,
            {
                "process.roles": "broker,controller",
                "node.id": 1,
                "controller.quorum.voters": f"1@127.0.0.1:{control}",
                "listeners": f"DOOR://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{control}",
                "advertised.listeners": f"DOOR://localhost:{self.port}",
                "listener.security.protocol.map": "DOOR:SASL_SSL,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name": "DOOR",
                "controller.listener.names": "CONTROLLER",
                "log.dirs": folder / "data",
                "offsets.topic.replication.factor": 1,
                "auto.create.topics.enable": "false",
                "sasl.mechanism.inter.broker.protocol": "PLAIN",
                "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
                f"{door}.plain.sasl.jaas.config": (
                    f'{_PLAIN} username="broker" password="broker" user_broker="broker" user_{USER}="{PASSWORD}";'
                ),
                f"{door}.scram-sha-256.sasl.jaas.config": _SCRAM,
                f"{door}.scram-sha-512.sasl.jaas.config": _SCRAM,
                f"{door}.ssl.client.auth": "required",  # without the name it does not count beside a login
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": certificates.both,
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": certificates.authority,
            },
            [*BRIEF, *archive()],
        )

    def start(self) -> None:
        """Returns when it takes connections. Raises KafkaMissing."""
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [
            *java("kafka.tools.StorageTool", "format", "-t", cluster_id, options=BRIEF),
            *("-c", str(self._folder / "broker" / "server.properties")),
        ]
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            command += ["--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]"]
        told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if told.returncode != 0:
            raise KafkaMissing(f"the broker's folder could not be made:\n{told.stdout}{told.stderr}")
        self._broker.start()

    def stop(self) -> None:
        """Ends it."""
        self._broker.kill()

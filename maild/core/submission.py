"""May an agent who logged in send this letter? It must be in the agent's own name (RFC 6409 section 6.1).

The submission door asks before it keeps a letter, so that nobody with a password can write as a
colleague. It refuses to know how the agent was proven and what the letter will do.
"""

from __future__ import annotations

from maild.core.identity import fold
from maild.core.mail import read
from maild.core.mail.headers import MAX_HEADER_BYTES
from maild.core.policy import Policy


def objection(raw: bytes, agent_key: str, policy: Policy) -> str:
    """Why not, in words for the agent's mail client; "" where they may. `raw` has CR LF line ends."""
    agent = policy.agents.get(agent_key)
    if agent is None:
        return "you are no agent of this desk any more"
    end = raw.find(b"\r\n\r\n", 0, MAX_HEADER_BYTES)
    message = read(raw[: MAX_HEADER_BYTES if end < 0 else end + 4])
    if message.sender is None:
        return f"From must name one address, {agent.email}"
    if policy.by_email.get(fold(message.sender.email)) != agent_key:
        return f"you are logged in as {agent.key} and may write as {agent.email} only"
    return ""

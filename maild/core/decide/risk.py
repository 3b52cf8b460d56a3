"""What commands an ordinary letter may not do without being asked: the whole list, as data.

An agent's reply address can be stolen and a From forged; an answer, a note or a new priority
can be put right afterwards, a stranger's eyes cannot. So whatever gives somebody new to read a
ticket waits until the agent has answered from their own mailbox. Whoever is proven (the shell,
SMTP AUTH, a letter already confirmed) is not asked. It refuses to know how asking is done
(on_message) and who is proven.
"""

from __future__ import annotations

from collections.abc import Mapping

# which → what would happen, as the agent is asked
RISKS: Mapping[str, str] = {
    "accept": "{who} takes part in {ticket}: their last message becomes public, and they get every later answer.",
    "publish": "The last message of {who} on {ticket} becomes public.",
    "same": "{who} is another address of {requester}: letters from it count as theirs, on every ticket, and are "
    "answered to {requester}.",
    "cc": "{who} takes part in {ticket} and gets every later answer.",
    "requester": "{who} becomes the requester of {ticket} in place of {old}, and gets every later answer.",
    "merge": "{ticket} is merged into {into}, of {requester}. From then on {who} get every later answer to {into}.",
}

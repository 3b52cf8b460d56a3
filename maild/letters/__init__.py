"""Letters: what is to be said becomes the bytes of one mail.

`load` compiles every template and reports all that is wrong with them at once;
`Templates.render` writes one letter. The room refuses to know why a letter is sent, when
it is carried (edges.courier) and where anything is stored. It reads no clock and rolls no
dice: the same `Outgoing`, policy and instant give the same bytes.
"""

from maild.letters.catalogue import CATALOGUE
from maild.letters.loading import TemplateErrors, load, unused
from maild.letters.outgoing import NotRenderable, Outgoing, Rendered, Route, Unsendable, route
from maild.letters.templates import TemplateProblem, Templates

__all__ = [
    "CATALOGUE",
    "NotRenderable",
    "Outgoing",
    "Rendered",
    "Route",
    "TemplateErrors",
    "TemplateProblem",
    "Templates",
    "Unsendable",
    "load",
    "route",
    "unused",
]

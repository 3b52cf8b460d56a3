"""How the desk itself is: what the running parts say, what is wrong and who is told, and `maild doctor`.

`checks` asks the parts of a running desk, `metrics` counts them, `pages` shows both; `watch` looks after
them and writes to the admin, `troubles` remembers for it; `doctor` looks at a desk from outside. Letters
are not judged here and nothing is mended. The package stays empty, so that one part costs nobody the others' imports.
"""

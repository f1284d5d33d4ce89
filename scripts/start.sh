#!/bin/sh
# npm start [-- SOURCE...]: installs and builds what is missing, then is the daemon, on tasks/system_foundry by default.

asked_from=${INIT_CWD:-$PWD}
. "$(dirname -- "$0")/setup.sh"

node scripts/build.ts map
[ "$#" -gt 0 ] || set -- --tasks "$root/tasks/system_foundry"
# Relative sources are meant from where npm was called, not from the project's root.
cd "$asked_from"
exec "$root/bin/sfd" up "$@"

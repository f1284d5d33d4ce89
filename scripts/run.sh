#!/bin/sh
# run.sh COMMAND...: runs one of the project's tools under the pinned Node.js, whatever npm put first in PATH.

. "$(dirname -- "$0")/environment.sh"
use_project
exec "$@"

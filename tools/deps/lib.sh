# Shared parts of tools/setup: messages, Debian packages, and the cache of artefacts. Sourced, not run.
# shellcheck shell=bash disable=SC2154  # root, deps, pins and cache are set by tools/setup.

say() { echo "setup: $*"; }

fail() {
  echo "setup: error: $*" >&2
  exit 1
}

# Runs "$@" with its output in a log file; on failure shows the end of it. errexit holds inside, which it would not
# if "$@" stood in a condition.
logged() {
  local name=$1 status
  shift
  local log=$cache/logs/$name.log
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1
  status=$?
  set -e
  if ((status != 0)); then
    tail -n 30 "$log" >&2
    fail "$name failed with status $status; the whole log is $log"
  fi
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    say "needs root, so with sudo: $*"
    sudo "$@"
  else
    fail "needs root and there is no sudo here; run this as root, then start again: $*"
  fi
}

# Packages of the sections [GROUP] and [GROUP unless CMD] of apt.txt, the latter where CMD fails.
packages_of() {
  local wanted=$1 line taken=0
  while IFS= read -r line; do
    case $line in
      '' | '#'*) ;;
      "[$wanted]") taken=1 ;;
      "[$wanted unless "*)
        local condition=${line#"[$wanted unless "}
        if bash -c "${condition%]}" >/dev/null 2>&1; then taken=0; else taken=1; fi
        ;;
      '['*) taken=0 ;;
      *) if ((taken)); then echo "$line"; fi ;;
    esac
  done <"$pins/apt.txt"
}

package_is_installed() {
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

install_packages() {
  local package missing=()
  if ! command -v apt-get >/dev/null; then
    say "no apt-get here: the packages of tools/deps/apt.txt [$1] must be there by other means"
    return
  fi
  for package in $(packages_of "$1"); do
    package_is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  logged apt-update as_root apt-get update
  logged apt-install as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# artefact NAME VERSION [INPUT...] makes .deps/NAME point to the cached result of `recipe_NAME OUT`. The cache folder is
# named by the version and a hash of all that the result depends on; it appears by a rename, so it is whole or absent.
artefact() {
  local name=$1 version=$2
  shift 2
  local hash folder started=$SECONDS
  hash=$({
    declare -f "recipe_${name//-/_}"
    echo "$version"
    if (($#)); then cat "$@"; fi
  } | sha256sum | cut -c 1-12)
  folder=$cache/$name-$version-$hash
  if [[ ! -d $folder ]]; then
    say "making $name $version"
    local work
    work=$(mktemp -d "$cache/.making-$name-XXXXXX")
    mkdir "$work/out"
    logged "$name" run_recipe "$name" "$work"
    mv --no-target-directory "$work/out" "$folder"
    chmod -R u+w "$work" && rm -rf "$work"
    say "made $name $version in $((SECONDS - started)) s"
  fi
  ln --symbolic --force --no-dereference "$folder" "$deps/$name"
}

run_recipe() {
  cd "$2"
  "recipe_${1//-/_}" "$2/out"
}

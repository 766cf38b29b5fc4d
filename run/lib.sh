# Sourced by the scripts beside it. Works in a checkout, where it builds first if it must, and in an
# unpacked distribution, which has all jars in lib/.

chat_home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
chat_java=${JAVA_HOME:+$JAVA_HOME/bin/}java

# Builds without tests and quality checks if a source is newer than the last such build. Two scripts
# that start together build once. What was built is copied to a directory of its own, which
# target/built names: a server that runs keeps the jars it was started with, whatever is built later.
chat_build() {
  local built=$chat_home/target/built
  mkdir -p "$chat_home/target"
  (
    if command -v flock >/dev/null; then flock 9; fi
    cd "$chat_home"
    if [[ -s $built && -d $(<"$built") &&
      -z $(find pom.xml proto chat-*/pom.xml chat-*/src/main -newer "$built" -print -quit) ]]; then
      exit 0
    fi
    echo "Building (the first time this takes a minute) ..." >&2
    # The time of the start counts: what is edited meanwhile is built the next time.
    touch "$built.started"
    # Said aloud: within a caller's '||' the shell does not stop at a failure by itself.
    mvn -B -ntp -q -Dstyle.color=never -Dquick -Dmaven.test.skip=true package >&2 || exit
    local app=$chat_home/target/app-$(date +%s) module
    for module in chat-server chat-client; do
      mkdir -p "$app/$module" &&
        cp "$module"/target/"$module"-[0-9]*.jar "$module"/target/lib/*.jar "$app/$module/" || exit
    done
    echo "$app" >"$built.new" && touch -r "$built.started" "$built.new" && mv "$built.new" "$built"
    rm "$built.started"
    # Older ones go, but for those that something still runs from.
    local old
    for old in target/app-*; do
      if [[ $chat_home/$old != "$app" ]] && command -v pgrep >/dev/null &&
        ! pgrep -f "$chat_home/$old/" >/dev/null; then
        rm -rf "$old"
      fi
    done
  ) 9>"$chat_home/target/build.lock"
}

# chat_class_path MODULE: builds if need be and prints the class path of chat-server or chat-client.
chat_class_path() {
  if [[ -e $chat_home/pom.xml ]]; then
    chat_build || return
    echo "$(<"$chat_home/target/built")/$1/*"
  else
    echo "$chat_home/lib/*"
  fi
}

# The home as the programs print it: short where the user stands in it.
chat_home_shown() {
  if [[ $PWD == "$chat_home" ]]; then echo .; else echo "$chat_home"; fi
}

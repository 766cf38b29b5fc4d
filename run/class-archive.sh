# Sourced by the scripts that start a client or a server: an archive of its classes, parsed and
# verified (class-data sharing), which takes two thirds off a client's start and 40 % off a server's.
# Whatever goes wrong with it, they start as they would without: slower.
#
# It cannot be made with the package: Java takes an archive only for the very class path, by its
# absolute names, and the very Java that it was made with. So the first start on a machine has it
# made in the background. Its name is a checksum of all it depends on: another one is never opened.

# chat_archive NAME CLASS_PATH MAIN OPTION...: sets "archive" to the file that is there for them, or
# to nothing: then it is being made, by having MAIN play what the program does. With chat_archive_wait
# set, it waits for one that it makes.
chat_archive() {
  local name=$1 class_path=$2 java folder key wanted
  archive=
  java=$(command -v "$chat_java") || return 0
  folder=$chat_home/target
  if [[ ! -e $chat_home/pom.xml ]]; then folder=$chat_home/lib; fi
  if [[ ! -w $folder ]]; then
    folder=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/chat
  fi
  # Names, sizes and times of change; stat of another system knows no -c, and there is no archive.
  local jars
  IFS=: read -ra jars <<<"$class_path"
  key=$(stat -L -c '%n %s %Y' -- "$java" "${jars[@]}" 2>/dev/null | cksum) || return 0
  wanted=$folder/$name-${key// /-}.jsa
  if [[ -e $wanted ]]; then
    archive=$wanted
  elif [[ ! -e $wanted.failed || -n $(find "$wanted.failed" -mmin +60) ]]; then
    local maker=(bash "${BASH_SOURCE[0]}" "$name" "$java" "$folder" "$wanted" "${@:2}")
    # In a session of its own: what ends this terminal does not end it.
    if command -v setsid >/dev/null; then maker=(setsid "${maker[@]}"); fi
    if [[ -n ${chat_archive_wait:-} ]]; then
      "${maker[@]}" </dev/null >/dev/null 2>&1 || true
      if [[ -e $wanted ]]; then archive=$wanted; fi
    else
      ("${maker[@]}" &) </dev/null >/dev/null 2>&1
    fi
  fi
}

# chat_client_archive CLASS_PATH: for a client with the options in the array "options"; adds to them.
chat_client_archive() {
  local archive
  chat_archive client "$1" chat.client.rehearsal.Rehearsal "${options[@]}"
  if [[ -n $archive ]]; then
    # The log is off: a word of Java's about the archive must not get into what a script reads.
    options+=("-XX:SharedArchiveFile=$archive" -Xlog:disable -Xlog:all=error:stderr)
  fi
}

# chat_server_options CLASS_PATH: prints the file of options to start servers with, as for java @FILE:
# run/server.options, and the archive if there is one.
chat_server_options() {
  local archive options=$chat_home/run/server.options
  chat_archive server "$1" chat.server.Rehearsal "@$options"
  if [[ -n $archive ]]; then
    # Quoted, for a home with a blank in its name; a backslash would stand for something else.
    if (cat "$options" && printf '\n"-XX:SharedArchiveFile=%s"\n' "${archive//\\/\\\\}") \
      >"$archive.options.$$" 2>/dev/null && mv "$archive.options.$$" "$archive.options"; then
      options=$archive.options
    fi
  fi
  echo "$options"
}

# chat_expanded CLASS_PATH: with DIR/* replaced by its jars, in order of their names.
chat_expanded() {
  local part parts jars expanded=
  local IFS=:
  # Not "for part in $1", which would put everything in DIR there.
  read -ra parts <<<"$1"
  for part in "${parts[@]}"; do
    if [[ $part == *'/*' ]]; then
      jars=("${part%'*'}"*.jar)
      part="${jars[*]}"
    fi
    expanded+=${expanded:+:}$part
  done
  echo "$expanded"
}

# Made under another name and moved: nobody sees half of one. What fails is not tried
# again for an hour.
chat_make_archive() {
  local name=$1 java=$2 folder=$3 archive=$4 class_path=$5 main=$6 fresh=$3/.new-archive.$$
  shift 6
  trap '' INT HUP
  mkdir -p "$folder" || return 0
  if ! mkdir "$archive.making" 2>/dev/null; then
    # Somebody makes it; or did, and was killed: then the next start makes it.
    if [[ -n $(find "$archive.making" -maxdepth 0 -mmin +5) ]]; then
      rm -rf "$archive.making" "$folder"/.new-archive.*
    fi
    return 0
  fi
  # Lambdas only for the client, whose start is all there is to it: with those of two servers Java 17
  # itself breaks down now and then (SystemDictionaryShared::adjust_lambda_proxy_class_dictionary).
  if nice -n 19 "$java" "$@" -Xshare:off "-XX:DumpLoadedClassList=$fresh.list" \
    -cp "$class_path" "$main" "$fresh.data" &&
    { [[ $name == client ]] || sed -i.all '/^@lambda-proxy/d' "$fresh.list"; } &&
    nice -n 19 "$java" "$@" -Xshare:dump "-XX:SharedClassListFile=$fresh.list" \
      "-XX:ErrorFile=$fresh.err" "-XX:SharedArchiveFile=$fresh.jsa" -cp "$class_path" &&
    [[ -s $fresh.jsa ]]; then
    mv "$fresh.jsa" "$archive"
    rm -f "$folder/$name"-*.failed
    # Those of earlier builds; not of another Java in use.
    # Files of options stay: something that runs for long may start servers with one, which is
    # slower without the archive and not more.
    ls -t "$folder/$name"-*.jsa | tail -n +4 | while read -r old; do rm -f "$old"; done
  else
    touch "$archive.failed" || true
  fi
  rm -rf "$fresh".*
  rmdir "$archive.making"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  chat_make_archive "$@"
fi

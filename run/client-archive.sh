# Sourced by run/client: an archive of the client's classes, parsed and verified (class-data
# sharing), which takes two thirds off its start. Whatever goes wrong with it, the client starts as
# it would without: slower.
#
# It cannot be made with the package: Java takes an archive only for the very class path, by its
# absolute names, and the very Java that it was made with. So the first start on a machine has it
# made in the background. Its name is a checksum of all it depends on: another one is never opened.

# chat_archive_options CLASS_PATH: adds to the array "options", and to class_path all jars by name.
chat_archive_options() {
  class_path=$(chat_expanded "$1")
  local java folder key archive
  java=$(command -v "$chat_java") || return 0
  folder=$chat_home/target
  if [[ ! -e $chat_home/pom.xml ]]; then folder=$chat_home/lib; fi
  if [[ ! -w $folder ]]; then
    folder=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/chat
  fi
  # Names, sizes and times of change; stat of another system knows no -c, and there is no archive.
  key=$(IFS=:; stat -L -c '%n %s %Y' -- "$java" $class_path 2>/dev/null | cksum) || return 0
  archive=$folder/client-${key// /-}.jsa
  if [[ -e $archive ]]; then
    # The log is off: a word of Java's about the archive must not get into what a script reads.
    options+=("-XX:SharedArchiveFile=$archive" -Xlog:disable -Xlog:all=error:stderr)
  elif [[ ! -e $archive.failed || -n $(find "$archive.failed" -mmin +60) ]]; then
    local maker=(bash "${BASH_SOURCE[0]}" "$java" "$folder" "$archive" "$class_path")
    # In a session of its own: what ends this terminal does not end it.
    if command -v setsid >/dev/null; then maker=(setsid "${maker[@]}"); fi
    ("${maker[@]}" &) </dev/null >/dev/null 2>&1
  fi
}

# chat_expanded CLASS_PATH: with DIR/* replaced by its jars, in order of their names.
chat_expanded() {
  local part jars expanded=
  local IFS=:
  for part in $1; do
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
  local java=$1 folder=$2 archive=$3 class_path=$4 fresh=$2/.new-archive.$$
  trap '' INT HUP
  mkdir -p "$folder" || return 0
  if ! mkdir "$archive.making" 2>/dev/null; then
    # Somebody makes it; or did, and was killed: then the next start makes it.
    if [[ -n $(find "$archive.making" -maxdepth 0 -mmin +5) ]]; then
      rm -rf "$archive.making" "$folder"/.new-archive.*
    fi
    return 0
  fi
  if nice "$java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:off \
    "-XX:DumpLoadedClassList=$fresh.list" -cp "$class_path" chat.client.rehearsal.Rehearsal &&
    nice "$java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:dump \
      "-XX:SharedClassListFile=$fresh.list" "-XX:SharedArchiveFile=$fresh.jsa" \
      -cp "$class_path" && [[ -s $fresh.jsa ]]; then
    mv "$fresh.jsa" "$archive"
    rm -f "$folder"/client-*.failed
    # Those of earlier builds; not of another Java in use.
    ls -t "$folder"/client-*.jsa | tail -n +4 | while read -r old; do rm -f "$old"; done
  else
    touch "$archive.failed" || true
  fi
  rm -f "$fresh.list" "$fresh.jsa"
  rmdir "$archive.making"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  chat_make_archive "$@"
fi

# usage: zsh -f complete.zsh DIRECTORY LINE: prints the line that the key TAB makes of
# LINE in an interactive zsh that finds its functions in DIRECTORY, too.
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D
bindkey '^I' complete-word; stty cols 400
zle-line-init() { print -r -- ZLE''READY; }; zle -N zle-line-init"
local out
while zpty -r z out; do [[ $out == *ZLEREADY* ]] && break; done
zpty -w -n z "$2"$'\t'
# the line as an argument of a command that prints it
zpty -w -n z $'\x01print -r -- "GOT<\x05>"\n'
while zpty -r z out; do
  [[ $out == GOT\<*\>* ]] && { print -r -- "${${out#GOT<}%%>*}"; break; }
done
zpty -d z

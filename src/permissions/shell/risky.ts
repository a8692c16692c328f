import type { Risk } from '../call.ts';

/** What a family of programs does, for the sentence "runs X, which …". */
export interface Family {
  readonly risk: Risk;
  readonly does: string;
  readonly sends?: true;
  readonly readsOutside?: true;
  readonly readsSecrets?: true;
  readonly writes?: true;
  readonly names: string;
}

/** Known programs that are never let through by themselves. Any other name is unknown, and HIGH. */
const FAMILIES: readonly Family[] = [
  {
    risk: 'HIGH',
    does: 'reaches the network',
    sends: true,
    readsOutside: true,
    names:
      'curl wget ssh scp sftp rsync nc ncat netcat socat telnet ftp lftp tftp ping ping6 dig nslookup host traceroute mtr ' +
      'whois aria2c http https xh gh glab hub aws gcloud az kubectl helm terraform tofu ansible ansible-playbook openssl w3m lynx ' +
      'links elinks rclone s3cmd mail mailx sendmail mutt msmtp tor nmap nping hping3 ssh-keyscan ssh-copy-id smbclient ldapsearch ' +
      'mysql psql redis-cli mongo mongosh sqlcmd ngrok cloudflared tailscale wg heroku vercel netlify flyctl fly firebase ' +
      'axel httpie grpcurl websocat youtube-dl yt-dlp ollama pip-audit twine vault op',
  },
  {
    risk: 'HIGH',
    does: 'takes other rights',
    writes: true,
    names:
      'sudo sudoedit su doas pkexec runuser chroot unshare nsenter setpriv capsh newgrp sg passwd useradd usermod userdel adduser ' +
      'groupadd visudo vipw chsh chfn chpasswd mount umount modprobe insmod rmmod sysctl iptables ip6tables nft ip ifconfig ' +
      'route setcap setfacl chattr chown chgrp login gpasswd security dscl bwrap firejail mkfs fdisk parted losetup cryptsetup ' +
      'swapon swapoff hwclock timedatectl hostnamectl ufw visudo fsck mkswap',
  },
  {
    risk: 'HIGH',
    does: 'acts on other processes, services or screens',
    writes: true,
    names:
      'kill pkill killall xkill skill systemctl service launchctl crontab at batch anacron reboot shutdown halt poweroff init telinit ' +
      'docker docker-compose podman nerdctl ctr crictl lxc lxc-attach virsh vagrant minikube kind tmux screen renice gdb lldb ' +
      'strace ltrace perf bpftrace dbus-send gdbus busctl osascript open xdg-open defaults loginctl systemd-run pmset ' +
      'say notify-send wall write xdotool xclip pbcopy pbpaste emacs vim vi nvim nano ed ex view rvim pico micro ' +
      'kairos pm2 supervisorctl forever wmctrl automator shortcuts diskutil csrutil spctl nvram',
  },
  {
    risk: 'HIGH',
    does: 'fetches programs from the network and runs what comes with them',
    sends: true,
    readsOutside: true,
    writes: true,
    names:
      'npx bunx pnpx uvx pipx brew apt apt-get aptitude dpkg yum dnf rpm pacman apk snap flatpak port nix nix-env nix-shell nix-build ' +
      'gem cpan cpanm luarocks conda mamba poetry uv pdm pipenv rustup nvm fnm volta asdf mise corepack ' +
      'pip pip3 easy_install go-get composer',
  },
  {
    risk: 'MEDIUM',
    does: 'runs code of the workspace',
    writes: true,
    names:
      'node nodejs deno bun ts-node tsx python python2 python3 pypy ruby irb perl php lua luajit tclsh expect Rscript R julia ghc runghc ' +
      'scala groovy kotlin swift elixir erl racket guile sbcl clojure octave make gmake bmake cmake ctest ninja meson bazel ' +
      'just task rake gradle mvn ant sbt cargo go rustc gcc g++ cc c++ clang clang++ ld as javac java jar dotnet msbuild tsc ' +
      'vitest jest mocha ava tap pytest tox nox unittest phpunit rspec eslint prettier oxlint oxfmt biome stylelint standard ' +
      'knip vite next nuxt webpack rollup esbuild swc babel turbo nx lerna black ruff isort flake8 pylint mypy pyright ' +
      'gofmt golangci-lint rustfmt clippy-driver shellcheck shfmt rubocop bundle pre-commit protoc flex bison yacc lex ' +
      'autoconf automake configure libtool pkg-config latex pdflatex xelatex lualatex tex pandoc sqlite3 ' +
      'npm pnpm yarn zig nim crystal dart flutter m4 cpp',
  },
  {
    risk: 'MEDIUM',
    does: 'can start other programs or write files',
    writes: true,
    names:
      'less more most man info pg bat batcat glow yq xmllint xsltproc tidy top htop btop watch script scriptreplay split csplit ' +
      'gzip gunzip zcat bzip2 bunzip2 bzcat xz unxz xzcat zstd zstdcat lz4 zip unzip 7z 7za ar cpio pax tar zgrep zless zmore zdiff ' +
      'diff3 vimdiff pr ptx convert magick ffmpeg ffprobe exiftool gs qpdf pdftotext jpegoptim optipng mktemp mkfifo mknod ' +
      'dc look ispell aspell spell locate updatedb lsof fuser journalctl dmesg last lastlog who w ag ack pt ucg cloc ' +
      'nm objdump readelf size objcopy strip ldd lsblk lspci lsusb netstat ss iostat vmstat sar lsattr getfacl apropos whatis ' +
      'tig lazygit delta difft hub fzf gpg gpg2 age sops pass logger tput stty reset clear dialog whiptail bats ' +
      'alias unalias bind complete compgen enable hash unset read mapfile readarray shift getopts wait jobs fg bg disown ' +
      'ulimit umask shopt times caller help let trap history fc logout suspend pushd popd dirs coproc',
  },
  {
    risk: 'MEDIUM',
    does: 'shows the environment, where secrets are kept',
    readsSecrets: true,
    names: 'printenv',
  },
];

/** Builtins and others among the families that reach deeper than their family. */
export const RAISED: ReadonlySet<string> = new Set(
  'trap history fc enable let bind complete gpg gpg2 age sops pass script'.split(' '),
);

/** The family of a program. */
export function familyOf(name: string): Family | undefined {
  const found = byName().get(name);
  if (found !== undefined) return found;
  return /^(?:python|node|ruby|perl|php|lua|gcc|g\+\+|clang)[\d.-]+$/.test(name) ? byName().get('python') : undefined;
}

let index: ReadonlyMap<string, Family> | undefined;

function byName(): ReadonlyMap<string, Family> {
  index ??= new Map(FAMILIES.flatMap((family) => family.names.split(' ').map((name) => [name, family] as const)));
  return index;
}

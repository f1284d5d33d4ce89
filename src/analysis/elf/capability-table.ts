/**
 * What a program can do, told from the functions that it takes from libraries: the table, each row with its reason.
 *
 * An import says that the program may call the function, not that it does, and a static program shows none. So rows
 * describe; none of them is a finding. Names are those of the C library and of libraries that most systems have.
 */

import { type Capability, names, row } from './capabilities.ts'

export const programCapabilities: readonly Capability[] = [
  row('run-programs', 'runs other programs', 'what it is given may decide which program runs with its rights', [
    ...names('execve execv execvp execvpe execl execlp execle fexecve execveat posix_spawn posix_spawnp'),
    ...names('g_spawn_sync g_spawn_async g_spawn_command_line_sync g_spawn_command_line_async g_subprocess_new'),
  ]),
  row('run-shell', 'hands commands to a shell', 'text that reaches such a command is interpreted by the shell', [
    ...names('system popen wordexp'),
  ]),
  row(
    'make-processes',
    'makes processes',
    'what it starts lives on beside it',
    names('fork vfork clone clone3 daemon'),
  ),
  row(
    'connect',
    'opens network connections',
    'it can send what it knows elsewhere',
    names('connect g_socket_client_connect*'),
  ),
  row('listen', 'waits for connections', 'others can reach it', names('listen accept accept4 g_socket_service_start')),
  row('resolve-names', 'asks for addresses of names', 'names that it asks for leave the machine', [
    ...names('getaddrinfo gethostbyname gethostbyname2 gethostbyname_r __res_query __res_search res_query ares_query'),
  ]),
  row('raw-packets', 'reads or makes raw packets', 'it can see what others send', [
    ...names('pcap_open_live pcap_create pcap_inject pcap_sendpacket nfq_open libnet_init'),
  ]),
  row('http', 'speaks HTTP by a library', 'it fetches or sends over the web', [
    ...names('curl_easy_perform curl_multi_perform soup_session_send* ne_request_dispatch nghttp2_session_send'),
  ]),
  row('tls', 'speaks TLS', 'what it sends cannot be read on the way, by nobody', [
    ...names(
      'SSL_connect SSL_accept SSL_read SSL_write SSL_new gnutls_handshake gnutls_init mbedtls_ssl_handshake NSS_Init',
    ),
  ]),
  row('encrypt', 'encrypts or decrypts', 'data that it writes may be unreadable without its key', [
    ...names('EVP_EncryptInit_ex EVP_DecryptInit_ex EVP_CipherInit_ex EVP_CipherInit AES_encrypt AES_set_encrypt_key'),
    ...names('gcry_cipher_open gcry_cipher_encrypt gnutls_cipher_init crypto_secretbox* nettle_aes* mbedtls_aes_*'),
  ]),
  row('sign', 'signs or checks signatures', 'trust in what it accepts rests on this code', [
    ...names(
      'EVP_SignFinal EVP_VerifyFinal EVP_DigestSign* EVP_DigestVerify* gpgme_op_sign gpgme_op_verify gcry_pk_sign',
    ),
    ...names('gcry_pk_verify X509_verify_cert gnutls_x509_trust_list_verify*'),
  ]),
  row(
    'hash-passwords',
    'hashes passwords',
    'it sees passwords in the clear',
    names('crypt crypt_r crypt_ra crypt_gensalt*'),
  ),
  row('read-passwords', 'asks for passwords', 'it sees passwords in the clear', names('getpass readpassphrase')),
  row('authenticate', 'authenticates users', 'who may come in is decided here', [
    ...names(
      'pam_start pam_authenticate pam_get_authtok pam_chauthtok getspnam getspnam_r krb5_get_init_creds_password',
    ),
    ...names('sasl_server_start gss_accept_sec_context'),
  ]),
  row('change-user', 'changes its user or group', 'mistakes before or after the change are mistakes with more rights', [
    ...names(
      'setuid seteuid setreuid setresuid setfsuid setgid setegid setregid setresgid setfsgid setgroups initgroups',
    ),
  ]),
  row('change-privileges', 'changes its capabilities', 'it keeps some rights of root', [
    ...names('capset cap_set_proc cap_set_file capng_apply capng_change_id'),
  ]),
  row('sandbox', 'confines itself', 'what is loaded here limits what an attacker gains', [
    ...names('seccomp_init seccomp_load landlock_restrict_self pledge unveil'),
  ]),
  row('namespaces', 'enters or makes namespaces', 'what it shows may be another view of the system', [
    ...names('unshare setns pivot_root chroot'),
  ]),
  row(
    'mount',
    'mounts file systems',
    'it can put other files under known paths',
    names('mount umount umount2 mnt_context_mount'),
  ),
  row('trace', 'reads or changes other processes', 'it can take secrets out of them, or code into them', [
    ...names('ptrace process_vm_readv process_vm_writev'),
  ]),
  row('signal', 'sends signals to other processes', 'it can stop them', names('kill killpg tgkill pidfd_send_signal')),
  row('load-code', 'loads libraries while it runs', 'which code runs is decided when it runs', [
    ...names('dlopen dlmopen g_module_open lt_dlopen lt_dlopenext'),
  ]),
  row('make-code', 'changes the rights of memory', 'data can become code', names('mprotect pkey_mprotect')),
  row('memory-files', 'makes files that have no path', 'programs can be run from there that no file system shows', [
    ...names('memfd_create'),
  ]),
  row('kernel-modules', 'loads kernel modules', 'it can change the kernel', [
    ...names('init_module finit_module delete_module kmod_module_insert_module kmod_module_probe_insert_module'),
  ]),
  row('bpf', 'loads programs into the kernel (BPF)', 'it can watch or filter what all processes do', [
    ...names('bpf bpf_object__load bpf_prog_load bpf_load_program'),
  ]),
  row('restart-system', 'stops or restarts the system', 'it ends everything else', names('reboot kexec_load')),
  row('change-clock', 'changes the clock', 'times in logs depend on it', [
    ...names('settimeofday clock_settime adjtimex ntp_adjtime clock_adjtime stime'),
  ]),
  row(
    'change-names',
    'changes the name of the host',
    'others know the machine by it',
    names('sethostname setdomainname'),
  ),
  row('ports', 'speaks to hardware ports', 'it goes past the kernel', names('ioperm iopl inb outb pci_read_long')),
  row(
    'usb',
    'speaks to USB devices',
    'devices may be read or changed',
    names('libusb_open* libusb_control_transfer usb_open'),
  ),
  row('terminals', 'makes pseudo terminals', 'it can stand between a user and a program', [
    ...names('openpty forkpty posix_openpt grantpt vte_terminal_spawn*'),
  ]),
  row('change-owners', 'changes owners or rights of files', 'it decides who may read them', [
    ...names('chmod fchmod fchmodat chown fchown lchown fchownat setxattr lsetxattr fsetxattr acl_set_file acl_set_fd'),
  ]),
  row('delete', 'deletes files', 'what it is given may decide which ones', names('unlink unlinkat rmdir remove')),
  row('walk', 'lists folders', 'it may look at everything below a place', [
    ...names('opendir fdopendir readdir readdir64 scandir scandir64 nftw nftw64 ftw fts_open glob glob64 g_dir_open'),
  ]),
  row('watch', 'watches files', 'it learns what others do', names('inotify_init inotify_init1 fanotify_init')),
  row(
    'log',
    'writes to the system log',
    'look for its words there',
    names('syslog vsyslog __syslog_chk __vsyslog_chk sd_journal_*'),
  ),
  row('login-records', 'writes the records of logins', 'who was here can be hidden or invented', [
    ...names('pututline pututxline updwtmp updwtmpx logwtmp'),
  ]),
  row('shared-memory', 'shares memory with others', 'others can change what it reads', names('shm_open shmget shmat')),
  row('bus', 'speaks over a message bus', 'services act for it, with their rights', [
    ...names('dbus_bus_get dbus_connection_send* g_bus_get* g_dbus_connection_call* sd_bus_open* sd_bus_call*'),
  ]),
  row('database', 'speaks to a database', 'statements may be built from what it is given', [
    ...names('sqlite3_open sqlite3_open_v2 PQconnectdb PQconnectdbParams mysql_real_connect mdb_env_open gdbm_open'),
  ]),
  row('compress', 'packs or unpacks', 'what it reads may be made to grow without end', [
    ...names(
      'inflate deflate uncompress lzma_code BZ2_bzDecompress BZ2_bzread ZSTD_decompress* LZ4_decompress* BrotliDecoder*',
    ),
    ...names('archive_read_open*'),
  ]),
  row('parse-documents', 'reads XML, JSON or YAML', 'what it reads may come from others', [
    ...names(
      'XML_Parse XML_ParserCreate* xmlReadFile xmlReadMemory xmlParseFile xmlParseDoc json_loads json_object_from_*',
    ),
    ...names('json_tokener_parse* yaml_parser_load yaml_parser_parse'),
  ]),
  row('interpret', 'runs a scripting language', 'data can be a program', [
    ...names(
      'Py_Initialize Py_InitializeEx PyRun_* Py_BytesMain Py_RunMain luaL_newstate lua_newstate perl_parse Tcl_Eval',
    ),
    ...names('Tcl_EvalEx scm_boot_guile JS_Eval ruby_init'),
  ]),
  row('display', 'shows windows', 'it runs in somebody’s session', [
    ...names(
      'XOpenDisplay xcb_connect wl_display_connect gtk_init gtk_init_check gtk_application_new SDL_Init glutInit',
    ),
  ]),
  row('watch-input', 'reads or makes input of other windows', 'it can read what is typed elsewhere', [
    ...names('XQueryKeymap XGrabKeyboard XRecordEnableContext XRecordCreateContext XTestFakeKeyEvent XGetImage'),
  ]),
  row('record', 'records sound or pictures', 'it can hear or see', [
    ...names('snd_pcm_readi snd_pcm_readn pa_simple_read pa_stream_connect_record v4l2_open'),
  ]),
  row('random', 'asks for random numbers', 'keys may be made here', [
    ...names('getrandom getentropy arc4random arc4random_buf RAND_bytes gcry_randomize'),
  ]),
  row('unchecked-copies', 'copies text without a bound', 'a text that is too long overwrites what lies behind', [
    ...names('gets strcpy strcat sprintf vsprintf stpcpy'),
  ]),
  row('guessable-files', 'makes up names of temporary files', 'another may make that file first', [
    ...names('mktemp tmpnam tmpnam_r tempnam'),
  ]),
]

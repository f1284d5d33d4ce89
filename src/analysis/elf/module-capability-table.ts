/** What a kernel module can do, told from the functions that it takes from the kernel; each row with its reason. */
import { type Capability, names, row } from './capabilities.ts'

export const moduleCapabilities: readonly Capability[] = [
  row('hook-kernel', 'hooks functions of the kernel', 'it can change what every program sees', [
    ...names('register_kprobe register_kprobes register_kretprobe register_ftrace_function ftrace_set_filter_ip'),
    ...names('ftrace_set_filter klp_enable_patch tracepoint_probe_register'),
  ]),
  row('find-symbols', 'looks for addresses of kernel symbols', 'it reaches what the kernel does not offer', [
    ...names('kallsyms_lookup_name kallsyms_on_each_symbol'),
  ]),
  row('change-credentials', 'changes credentials of processes', 'it can make any process root', [
    ...names('prepare_creds prepare_kernel_cred commit_creds override_creds'),
  ]),
  row(
    'run-programs',
    'runs programs of user space',
    'they run as root',
    names('call_usermodehelper call_usermodehelper_exec'),
  ),
  row('filter-packets', 'filters packets', 'it can read, change or hide traffic', [
    ...names('nf_register_net_hook nf_register_net_hooks xt_register_match xt_register_target xt_register_matches'),
  ]),
  row(
    'keyboard',
    'is told of every key',
    'it can record what is typed',
    names('register_keyboard_notifier input_register_handler'),
  ),
  row(
    'change-code',
    'changes rights of kernel memory',
    'data can become code',
    names('set_memory_rw set_memory_x set_memory_ro'),
  ),
  row('character-device', 'offers a device file', 'programs speak to it there', [
    ...names('misc_register cdev_add __register_chrdev device_create'),
  ]),
  row(
    'block-device',
    'offers disks',
    'file systems may lie on it',
    names('add_disk device_add_disk __register_blkdev'),
  ),
  row('file-system', 'offers a file system', 'it reads what a disk or a server says', names('register_filesystem')),
  row('network-device', 'offers a network device', 'packets come through it', [
    ...names('register_netdev register_netdevice alloc_netdev_mqs alloc_etherdev_mqs'),
  ]),
  row('proc-files', 'offers files in /proc or debugfs', 'it can be asked there', [
    ...names('proc_create proc_create_data proc_create_single_data debugfs_create_file'),
  ]),
  row('bus-driver', 'drives devices of a bus', 'it is loaded when the device is there', [
    ...names('__pci_register_driver usb_register_driver __platform_driver_register i2c_register_driver'),
    ...names(
      'driver_register virtio_register_driver __register_virtio_driver hid_register_driver __hid_register_driver',
    ),
  ]),
  row('cryptography', 'offers cryptography', 'the kernel’s own encryption may use it', [
    ...names('crypto_register_alg crypto_register_algs crypto_register_shash crypto_register_shashes'),
    ...names('crypto_register_skcipher crypto_register_skciphers crypto_register_aead crypto_register_aeads'),
  ]),
]

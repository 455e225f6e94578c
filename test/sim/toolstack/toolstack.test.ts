/** xl and libxl in domain zero: what they write, whom they ask, what they say. */
import {describe, expect, it} from 'vitest';
import {
	frontendPath,
	XenbusStateConnected,
	XenbusStateInitialised,
	XenbusStateInitWait,
} from '../../../source/sim/channel/xenbus.js';
import {uuidOf} from '../../../source/sim/toolstack/domain-tree.js';
import {treeText} from '../../../source/sim/xenstore/listing.js';
import {toolHost, web} from './tool-host.js';

describe('xl create', () => {
	it('writes what libxl writes', () => {
		const {toolstack, settle, xenstored, serveDisks, built} = toolHost();
		serveDisks();
		settle();
		toolstack.initialise();
		let created = -1;
		toolstack.create(web, (_error, domid) => {
			created = domid;
		});
		settle();
		expect(created).toBe(1);
		const {tree} = xenstored.store;
		const frame = built.get(1)?.frame;
		// As `xenstore-ls -p` would print it, read off libxl_create.c, libxl_dom.c, libxl_disk.c and libxl_device.c.
		expect(treeText(tree, '/local/domain/1', true)).toBe(`vm = "/vm/${uuidOf('web')}"   (n0,r1)
name = "web"   (n0,r1)
cpu = ""   (n0,r1)
 0 = ""   (n0,r1)
  availability = "online"   (n0,r1)
 1 = ""   (n0,r1)
  availability = "online"   (n0,r1)
memory = ""   (n0,r1)
 static-max = "8192"   (n0,r1)
 target = "4096"   (n0,r1)
device = ""   (n0,r1)
 suspend = ""   (n0,r1)
  event-channel = ""   (n1)
 vbd = ""   (n0,r1)
  51712 = ""   (n1,r0)
   backend = "/local/domain/0/backend/vbd/1/51712"   (n1,r0)
   backend-id = "0"   (n1,r0)
   state = "1"   (n1,r0)
   virtual-device = "51712"   (n1,r0)
   device-type = "disk"   (n1,r0)
   protocol = "x86_64-abi"   (n1,r0)
control = ""   (n0,r1)
 shutdown = ""   (n1)
 feature-poweroff = ""   (n1)
 feature-reboot = ""   (n1)
 feature-suspend = ""   (n1)
 sysrq = ""   (n1)
 platform-feature-multiprocessor-suspend = "1"   (n0,r1)
 platform-feature-xs_reset_watches = "1"   (n0,r1)
data = ""   (n1)
drivers = ""   (n1)
feature = ""   (n1)
attr = ""   (n1)
error = ""   (n1)
domid = "1"   (n0,r1)
store = ""   (n0,r1)
 port = "1"   (n0,r1)
 ring-ref = "${frame}"   (n0,r1)
`);
		const keys = `params = "/dev/nvme0n1p1"
script = "/etc/xen/scripts/block"
frontend-id = "1"
online = "1"
removable = "0"
bootable = "1"
state = "STATE"
dev = "xvda"
type = "phy"
mode = "w"
device-type = "disk"
discard-enable = "1"
`;
		expect(treeText(tree, '/local/domain/0/backend/vbd/1/51712')).toBe(`frontend = "/local/domain/1/device/vbd/51712"
${keys.replace('STATE', '2')}physical-device = "103:11"
physical-device-path = "/dev/nvme0n1p1"
hotplug-status = "connected"
`);
		expect(treeText(tree, '/local/domain/0/backend/vbd/1', true).split('\n')[0]).toBe('51712 = ""   (n0,r1)');
		expect(treeText(tree, '/libxl/1/device/vbd/51712')).toBe(`frontend = "/local/domain/1/device/vbd/51712"
backend = "/local/domain/0/backend/vbd/1/51712"
${keys.replace('STATE', '1')}`);
		expect(treeText(tree, `/vm/${uuidOf('web')}`)).toMatch(
			/^uuid = "[0-9a-f-]{36}"\nname = "web"\nimage = ""\n ostype = "linux"\nstart_time = "\d+\.\d\d"\n$/,
		);
		expect(treeText(tree, '/local/domain/0').startsWith('domid = "0"\nname = "Domain-0"\n')).toBe(true);
	});

	it("asks the hypervisor in libxl's order and runs the domain last", () => {
		const {toolstack, settle, calls, serveDisks, log} = toolHost();
		serveDisks();
		toolstack.create(web);
		settle();
		expect(calls).toEqual(['create 1', 'schedule 1 512 50', 'unpause 1']);
		expect(log()).toEqual(['xl create web']);
	});

	it("creates one domain after the other, as xl's lock makes it", () => {
		const {toolstack, settle, calls, serveDisks} = toolHost();
		serveDisks();
		const done: string[] = [];
		toolstack.create(web, (error, domid) => done.push(`${domid}${error}`));
		toolstack.create({...web, name: 'db', cpuWeight: 256, cap: 0}, (error, domid) => done.push(`${domid}${error}`));
		settle();
		expect(done).toEqual(['1', '2']);
		expect(calls).toEqual(['create 1', 'schedule 1 512 50', 'unpause 1', 'create 2', 'schedule 2 256 0', 'unpause 2']);
	});

	it('takes virtual time and CPU in domain zero', () => {
		const {toolstack, settle, xen, engine, serveDisks} = toolHost();
		serveDisks();
		settle();
		const domain = xen.domains.get(0);
		const [self, hypervisor, began] = [domain?.selfTime ?? 0, domain?.xenTime ?? 0, engine.now];
		let took = 0;
		toolstack.create(web, () => {
			took = engine.now - began;
		});
		settle();
		expect((domain?.selfTime ?? 0) - self).toBeGreaterThan(5_000_000);
		expect((domain?.xenTime ?? 0) - hypervisor).toBeGreaterThan(4_000_000);
		expect(took).toBeGreaterThan(9_000_000);
		expect(took).toBeLessThan(50_000_000);
	});

	it("gives up in libxl's words when no backend answers within ten seconds, and leaves nothing behind", () => {
		const {toolstack, settle, calls, xenstored, engine, log} = toolHost();
		toolstack.initialise();
		settle();
		const before = treeText(xenstored.store.tree);
		let answer = '';
		toolstack.create(web, (error) => {
			answer = error;
		});
		while (engine.now < 30_000_000_000) settle();
		expect(answer).toBe('libxl: error: domcreate_complete: Domain 1:cannot create web');
		expect(log()).toContain(
			'libxl: error: device_backend_callback: Domain 1:unable to add device with path /local/domain/0/backend/vbd/1/51712',
		);
		expect(calls).toEqual(['create 1', 'schedule 1 512 50', 'pause 1', 'destroy 1']);
		const left = treeText(xenstored.store.tree)
			.split('\n')
			.filter((line) => line.includes('"') && !/= ""$/.test(line));
		expect(left).toEqual(before.split('\n').filter((line) => line.includes('"') && !/= ""$/.test(line)));
		expect(xenstored.store.connections).toHaveLength(1);
		// The one that waits for domains to end.
		expect(xenstored.store.watches).toBe(1);
	});

	it('refuses what cannot be', () => {
		const {toolstack, settle, serveDisks, log} = toolHost();
		serveDisks();
		const answers: string[] = [];
		const [disk] = web.disks;
		toolstack.create({...web, disks: [{...disk, vdev: 'floppy'}]}, (error) => answers.push(error));
		toolstack.create({...web, memory: 2 ** 31}, (error) => answers.push(error));
		toolstack.create(web);
		toolstack.create(web, (error) => answers.push(error));
		settle();
		expect(answers).toEqual([
			'libxl: error: device_disk_add: Invalid or unsupported virtual disk identifier floppy',
			'libxl: error: libxl__domain_make: domain creation fail: -12',
			'libxl: error: libxl__domain_rename: Domain with name "web" already exists.',
		]);
		expect(log().filter((line) => line.startsWith('libxl'))).toEqual(answers);
	});
});

describe('xl create with a network', () => {
	const vif = {device: 0, mac: '00:16:3e:00:00:01', ip: '10.0.0.1', bridge: 'xenbr0', rate: undefined, backend: 0};
	const limited = {...vif, device: 1, ip: undefined, rate: {bytes: 20_000, microseconds: 20_000}};
	const networked = {...web, vifs: [vif, limited]};

	it('writes what libxl writes for an interface', () => {
		const {toolstack, settle, xenstored, serveDisks, serve} = toolHost();
		serveDisks();
		serve('vif');
		settle();
		toolstack.create(networked);
		settle();
		const {tree} = xenstored.store;
		// As `xenstore-ls -p` would print it, read off libxl_nic.c and libxl_device.c.
		expect(treeText(tree, '/local/domain/1/device/vif', true)).toBe(`0 = ""   (n1,r0)
 backend = "/local/domain/0/backend/vif/1/0"   (n1,r0)
 backend-id = "0"   (n1,r0)
 state = "1"   (n1,r0)
 handle = "0"   (n1,r0)
 mac = "00:16:3e:00:00:01"   (n1,r0)
1 = ""   (n1,r0)
 backend = "/local/domain/0/backend/vif/1/1"   (n1,r0)
 backend-id = "0"   (n1,r0)
 state = "1"   (n1,r0)
 handle = "1"   (n1,r0)
 mac = "00:16:3e:00:00:01"   (n1,r0)
`);
		const keys = `frontend-id = "1"
online = "1"
state = "STATE"
script = "/etc/xen/scripts/vif-bridge"
mac = "00:16:3e:00:00:01"
ip = "10.0.0.1"
bridge = "xenbr0"
handle = "0"
type = "vif"
`;
		expect(treeText(tree, '/local/domain/0/backend/vif/1/0')).toBe(`frontend = "/local/domain/1/device/vif/0"
${keys.replace('STATE', '2')}hotplug-status = "connected"
`);
		expect(treeText(tree, '/libxl/1/device/vif/0')).toBe(`frontend = "/local/domain/1/device/vif/0"
backend = "/local/domain/0/backend/vif/1/0"
${keys.replace('STATE', '1')}`);
		expect(treeText(tree, '/local/domain/0/backend/vif/1/1')).toContain('rate = "20000,20000"\nbridge = "xenbr0"');
	});

	it('plugs each interface into its bridge before the domain runs, disks first', () => {
		const {toolstack, settle, calls, serveDisks, serve} = toolHost();
		serveDisks();
		serve('vif');
		toolstack.create(networked);
		settle();
		expect(calls).toEqual(['create 1', 'schedule 1 512 50', 'vif1.0 into xenbr0', 'vif1.1 into xenbr0', 'unpause 1']);
	});

	it('takes the interfaces away with the domain', () => {
		const {toolstack, settle, serveDisks, serve, xenstored} = toolHost();
		serveDisks();
		serve('vif');
		toolstack.create(networked);
		settle();
		toolstack.destroy(1);
		settle();
		expect(treeText(xenstored.store.tree)).not.toContain('00:16:3e');
	});

	it('gives up when no backend serves interfaces', () => {
		const {toolstack, settle, serveDisks, engine, log} = toolHost();
		serveDisks();
		toolstack.create(networked);
		while (engine.now < 30_000_000_000) settle();
		expect(log()).toContain(
			'libxl: error: device_backend_callback: Domain 1:unable to add device with path /local/domain/0/backend/vif/1/0',
		);
	});
});

describe("a virtual disk's handshake through the store", () => {
	it('goes 1-1, 1-2, 3-2, 3-4, 4-4, each end writing only its own state', () => {
		const {toolstack, settle, serveDisks, built, store} = toolHost();
		serveDisks();
		const states: string[] = [];
		const back = '/local/domain/0/backend/vbd/1/51712';
		const front = frontendPath(1, 'vbd', 51712);
		const note = () =>
			store.read(`${front}/state`, (_error, frontend) =>
				store.read(`${back}/state`, (_error2, backend) => {
					const both = `${frontend}-${backend}`;
					if (frontend !== '' && states[states.length - 1] !== both) states.push(both);
				}),
			);
		store.watch(`${front}/state`, 'observer', note);
		store.watch(`${back}/state`, 'observer', note);
		toolstack.create(web);
		settle();
		const guest = built.get(1)?.client;
		const refused: string[] = [];
		guest?.watch(`${back}/state`, 'backend', () =>
			guest.read(`${back}/state`, (_error, value) => {
				if (value === `${XenbusStateInitWait}`) {
					guest.transaction(
						(transaction, finish) => {
							guest.write(`${front}/ring-ref`, '8', undefined, transaction);
							guest.write(`${front}/event-channel`, '3', undefined, transaction);
							guest.write(`${front}/state`, `${XenbusStateInitialised}`, undefined, transaction);
							finish(true);
						},
						(error) => refused.push(error),
					);
				} else if (value === `${XenbusStateConnected}`) {
					guest.write('device/vbd/51712/state', `${XenbusStateConnected}`);
					guest.write(`${back}/state`, '6', (error) => refused.push(error));
				}
			}),
		);
		settle();
		expect(states.slice(-4)).toEqual(['1-2', '3-2', '3-4', '4-4']);
		expect(refused).toEqual(['', 'EACCES']);
	});
});

describe('xl destroy', () => {
	it('closes the backends, destroys the domain, and takes its nodes away', () => {
		const {toolstack, settle, serveDisks, calls, xenstored} = toolHost();
		serveDisks();
		settle();
		toolstack.create(web);
		settle();
		calls.length = 0;
		let answer = 'none';
		toolstack.destroy(1, (error) => {
			answer = error;
		});
		settle();
		expect(answer).toBe('');
		expect(calls).toEqual(['pause 1', 'destroy 1']);
		const text = treeText(xenstored.store.tree);
		expect(text).not.toContain('web');
		expect(text).not.toContain('51712');
		expect(xenstored.store.connections).toHaveLength(1);
		toolstack.destroy(1, (error) => {
			answer = error;
		});
		settle();
		expect(answer).toBe('libxl: error: libxl__destroy_domid: Domain 1:Non-existent domain');
	});
});

describe('xl', () => {
	const running = () => {
		const host = toolHost();
		host.serveDisks();
		host.toolstack.initialise();
		host.toolstack.create(web);
		host.settle();
		host.calls.length = 0;
		return host;
	};

	it('pauses and unpauses by name and by id', () => {
		const {toolstack, settle, calls, log} = running();
		toolstack.xl({command: 'pause', domain: 'web'});
		settle();
		toolstack.xl({command: 'unpause', domain: '1'});
		settle();
		expect(calls).toEqual(['pause 1', 'unpause 1']);
		expect(log().slice(-2)).toEqual(['xl pause web', 'xl unpause 1']);
	});

	it('sets weight and cap, each alone or both', () => {
		const {toolstack, settle, calls, scheduling, log} = running();
		toolstack.xl({command: 'sched-credit', domain: 'web', weight: 1024, cap: undefined});
		settle();
		toolstack.xl({command: 'sched-credit', domain: 'web', weight: undefined, cap: 200});
		settle();
		toolstack.xl({command: 'sched-credit', domain: 'Domain-0', weight: 300, cap: 0});
		settle();
		expect(scheduling.get(1)).toEqual({weight: 1024, cap: 200});
		expect(calls).toEqual(['schedule 1 1024 50', 'schedule 1 1024 200', 'schedule 0 300 0']);
		expect(log()).toContain('xl sched-credit -d web -w 1024');
	});

	it('says what is wrong as xl does', () => {
		const {toolstack, settle, log} = running();
		const said: string[] = [];
		const done = (error: string) => said.push(error);
		toolstack.xl({command: 'pause', domain: 'nobody'}, done);
		settle();
		toolstack.xl({command: 'sched-credit', domain: 'web', weight: 0, cap: undefined}, done);
		settle();
		toolstack.xl({command: 'sched-credit', domain: 'web', weight: undefined, cap: 201}, done);
		settle();
		expect(said).toEqual([
			'nobody is an invalid domain identifier (rc=-6)',
			'libxl: error: sched_credit_domain_set: Domain 1:Cpu weight out of range, valid values are within range from 1 to 65535',
			'libxl: error: sched_credit_domain_set: Domain 1:Cpu cap out of range, valid range is from 0 to 200 for specified number of vcpus',
		]);
		expect(log()).toEqual(expect.arrayContaining(said));
	});
});

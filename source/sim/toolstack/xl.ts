/** xl's commands as data. The timeline's parser (sim/scenario) makes them from lines such as `sched-credit -d web -w 512 -c 50`. */
export type XlCommand =
	| {readonly command: 'create'; readonly domain: string}
	| {
			readonly command: 'pause' | 'unpause' | 'shutdown' | 'reboot' | 'destroy';
			readonly domain: string;
	  }
	| {
			readonly command: 'block-attach' | 'block-detach';
			readonly domain: string;
			/** One of the domain's disks: `xvda`. */
			readonly vdev: string;
	  }
	| {
			readonly command: 'network-attach' | 'network-detach';
			readonly domain: string;
			/** One of the domain's interfaces, by its number or its MAC: `0`, `00:16:3e:00:00:01`. */
			readonly vif: string;
	  }
	| {
			readonly command: 'sched-credit';
			readonly domain: string;
			/** 1 to 65535; undefined leaves it. */
			readonly weight: number | undefined;
			/** Percent of one physical CPU, 0 is no cap; undefined leaves it. */
			readonly cap: number | undefined;
	  };

/** The command as a person types it. */
export function xlText(command: XlCommand): string {
	switch (command.command) {
		case 'block-attach':
			return `block-attach ${command.domain} vdev=${command.vdev}`;
		case 'block-detach':
			return `block-detach ${command.domain} ${command.vdev}`;
		case 'network-attach':
			return `network-attach ${command.domain} ${command.vif.includes(':') ? 'mac' : 'devid'}=${command.vif}`;
		case 'network-detach':
			return `network-detach ${command.domain} ${command.vif}`;
		case 'sched-credit': {
			const weight = command.weight === undefined ? '' : ` -w ${command.weight}`;
			const cap = command.cap === undefined ? '' : ` -c ${command.cap}`;
			return `sched-credit -d ${command.domain}${weight}${cap}`;
		}

		default:
			return `${command.command} ${command.domain}`;
	}
}

/** The windows whose banner somebody made small, for as long as the browser's tab lives. */
const storage_key = 'synops.banner.small';

export function isSmall(key: string): boolean {
	try {
		return sessionStorage.getItem(storage_key) === key;
	} catch {
		return false; // storage may be blocked: the choice lasts as long as the page
	}
}

export function setSmall(key: string, small: boolean): void {
	try {
		if (small) sessionStorage.setItem(storage_key, key);
		else sessionStorage.removeItem(storage_key);
	} catch {
		// As above.
	}
}

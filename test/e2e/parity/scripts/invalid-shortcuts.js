export const options = { vus: 3, duration: '1s', stages: [{ duration: '1s', target: 3 }] };

export default function () {}

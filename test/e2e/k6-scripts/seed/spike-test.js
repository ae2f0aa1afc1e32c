// spike-test.js
export const options = {
  stages: [
    { duration: '10s', target: 10 },   // Normal load
    { duration: '10s', target: 1000 }, // Sudden spike
    { duration: '10s', target: 10 },   // Back to normal
  ],
};

export default function () {
  http.get('https://api.financial-dashboard.com/api/dashboard');
}

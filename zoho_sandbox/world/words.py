"""The vocabulary of the make-believe company. Item names are mostly Latin, people and categories Arabic."""

from __future__ import annotations

CATEGORIES = (
    ("الشبكات", ("راوترات", "كيبلات انترنت", "سويتشات", "مقويات اشارة", "فايبر", "ملحقات الشبكة")),
    ("الحاسبات", ("لابتوبات", "هاردات", "رامات", "كيبوردات", "ماوسات", "شاحنات لابتوب", "بطاريات لابتوب")),
    ("المراقبة", ("كاميرات", "اجهزة تسجيل", "ملحقات الكاميرات", "محولات كاميرا")),
    ("الطاقة", ("يو بي اس", "بطاريات", "محولات", "توصيلات")),
    ("الصوت والصورة", ("سماعات", "كيبلات اج دي", "شاشات")),
    ("الطباعة", ("طابعات", "احبار")),
)

KINDS = (
    ("Router", "راوترات", ("AC1200", "AX3000", "N300", "4G LTE", "Mesh 3 Pack")),
    ("LAN Cable Cat6", "كيبلات انترنت", ("1m", "3m", "10m", "20m", "30m", "305m")),
    ("Switch Gigabit", "سويتشات", ("5 port", "8 port", "16 port", "24 port POE")),
    ("Extender WiFi", "مقويات اشارة", ("AC750", "N300", "AX1800")),
    ("Optical Fiber SC/UPC", "فايبر", ("20m", "60m", "100m", "200m")),
    ("RJ45 Connector", "ملحقات الشبكة", ("Cat5", "Cat6", "Cat6 Metal", "100 pcs")),
    ("Hard SSD 2.5 SATA", "هاردات", ("128GB", "240GB", "512GB", "1TB")),
    ("Hard HDD 3.5 Pull", "هاردات", ("500GB", "1TB", "2TB", "4TB")),
    ("Flash USB 3.2", "هاردات", ("16GB", "32GB", "64GB", "256GB")),
    ("Ram DDR4 laptop", "رامات", ("4GB", "8GB", "16GB")),
    ("Keyboard USB", "كيبوردات", ("Arabic", "Mini", "Gaming RGB", "Wireless")),
    ("Mouse wireless", "ماوسات", ("M10", "G502", "2.4G", "Silent")),
    ("Charger Laptop ( 19V , 3.42A )", "شاحنات لابتوب", ("(5.5*2.5)", "(4.0*1.7)", "TYPE C")),
    ("Battery Laptop", "بطاريات لابتوب", ("8460P", "E6420 , 5520", "HS04", "VH08XL")),
    ("Camera", "كاميرات", ("2MP", "5MP", "5MP Full Color", "PTZ Wifi", "4 LED A")),
    ("DVR", "اجهزة تسجيل", ("4ch", "8 channel", "16ch 5MP")),
    ("Camera Cable RG59", "ملحقات الكاميرات", ("20m", "50m", "100m Heavy")),
    ("UPS AC", "يو بي اس", ("650W", "850W", "1500W AVR", "2 KVA Online")),
    ("UPS DC Nano", "يو بي اس", ("18W", "45W", "10400 mAh")),
    ("Battery 12V", "بطاريات", ("7A", "9A", "100A Lithium")),
    ("Adapter", "محولات", ("12V 2A", "12V 5A", "POE 48V")),
    ("Socket", "توصيلات", ("3 port 3m", "4 port USB", "6 port")),
    ("Headphone gaming", "سماعات", ("G9000", "7.1", "Bluetooth")),
    ("HDMI 4K", "كيبلات اج دي", ("1.5m", "5m", "15m", "Fiber 60m")),
    ("Monitor", "شاشات", ("22 IPS", "24 IPS 75Hz", "27 2K")),
    ("Printer", "طابعات", ("L3250", "MF3010", "DCP-T520W")),
    ("Ink Refill Black", "احبار", ("100ml", "1L")),
    ("Bag Laptop size 15", "لابتوبات", ("gray", "blue", "black/leather")),
)
BRANDS = (
    "TSH",
    "Falcon",
    "Nexxt",
    "PowerMax",
    "Tenda",
    "TP Link",
    "Joker",
    "Zener",
    "Standard",
    "Carbon",
    "Nature",
    "ACCU",
)
ARABIC_NAMES = ("كيبل انترنت / {}", "راوتر / {}", "{} اصلي", "نقل وشحن {}")
STRANGE_SKUS = (
    "http://www.example.cn/",
    "6.92568E+12",
    "UPS DC Camera Screen Falcon 60W",
    "tsh00106/ قديم",
    "A" * 60 + "-" + "b7" * 29 + "Z",
)

FIRST_NAMES = (
    "احمد",
    "علي",
    "حسين",
    "محمد",
    "مصطفى",
    "كرار",
    "عباس",
    "زينب",
    "حيدر",
    "سجاد",
    "نور",
    "عمر",
    "يوسف",
    "ليث",
    "مرتضى",
    "رسول",
    "فاطمة",
    "ياسر",
)
FAMILY_NAMES = (
    "الساعدي",
    "الدليمي",
    "الجبوري",
    "العبيدي",
    "الربيعي",
    "الشمري",
    "الموسوي",
    "الكعبي",
    "التميمي",
    "الزبيدي",
    "الحسني",
    "الخفاجي",
    "اللامي",
    "البياتي",
    "المالكي",
)
SHOPS = ("مكتب", "شركة", "محل", "معرض", "مركز", "اسواق")
SHOP_NAMES = (
    "النور",
    "الرافدين",
    "بابل",
    "الفرات",
    "دجلة",
    "السلام",
    "المستقبل",
    "الامل",
    "الخليج",
    "القمة",
    "الريان",
    "البركة",
)
TRADES = ("للحاسبات", "للكاميرات", "للاتصالات", "للانترنت", "للطابعات", "للاجهزة الالكترونية")
LATIN_CUSTOMERS = (
    "Baghdad IT Store",
    "Al-Noor Computer",
    "Basra Net",
    "Erbil CCTV Center",
    "Smart Zone",
    "Kirkuk Soft",
)
CITIES = (
    ("بغداد", "الكرادة"),
    ("بغداد", "المنصور"),
    ("البصرة", "العشار"),
    ("نينوى", "الموصل"),
    ("اربيل", "عينكاوة"),
    ("النجف", "الكوفة"),
    ("كربلاء", "المركز"),
    ("ذي قار", "الناصرية"),
    ("الانبار", "الرمادي"),
    ("بابل", "الحلة"),
)
VENDORS = (
    "Shenzhen Falcon Electronics Co., Ltd",
    "Guangzhou Nexxt Cable Factory",
    "Yiwu Bright Trading",
    "Dubai Computer Plaza FZE",
    "Ningbo Power Battery",
    "Hangzhou Vision CCTV",
)
ADJUSTMENT_REASONS = ("جرد المخزن", "بضاعة تالفة", "Stock on fire", "فرق جرد", "هدايا")
NOTES = ("شكرا لتعاملكم معنا", "البضاعة المباعة لا ترد ولا تستبدل", "")
